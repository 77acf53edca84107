import { type Standing, standing } from './standing.ts';

/** An entry of the data layer: `gtag('consent', 'default' | 'update', {…})` is an arguments object, or an array. */
export interface LayerEntry {
  readonly 0?: unknown;
  readonly 1?: string;
  readonly 2?: ConsentSettings;
}

interface ConsentSettings {
  readonly analytics_storage?: string;
  readonly ad_storage?: string;
  readonly region?: readonly string[];
  readonly wait_for_update?: number;
}

/** `google_tag_data.ics.entries`: what Google's tags, where they are loaded, made of all calls and of their own templates. */
export interface GoogleEntries {
  readonly analytics_storage?: { readonly default?: boolean; readonly update?: boolean };
  readonly ad_storage?: { readonly update?: boolean };
}

/**
 * What Google consent mode says of `analytics_storage`; 4 where nobody has set it. A default that grants counts once
 * its `wait_for_update` has passed, in which the refusal of an earlier page may still be reported; `elapsed` are the
 * milliseconds since the page began. Which default for a list of regions applies, only Google's servers know, and so the
 * entries: without them, regions mean to wait.
 *
 * https://developers.google.com/tag-platform/security/guides/consent
 */
export function readGoogle(layer: readonly (LayerEntry | null | undefined)[], entries: GoogleEntries, elapsed: number): Standing {
  const said: Record<string, ConsentSettings> = { default: {}, update: {} };
  for (const entry of layer) if (entry?.[0] === 'consent') Object.assign(said[entry[1]!] ?? {}, entry[2]);
  const { region, wait_for_update: wait, analytics_storage: initially } = said['default']!;
  const update = entries.analytics_storage?.update ?? isGranted(said['update']!.analytics_storage);
  const initial = entries.analytics_storage?.default ?? (region ? false : isGranted(initially));
  if (update === undefined && initial === undefined) return 4;
  const isForAdvertising = entries.ad_storage?.update ?? isGranted(said['update']!.ad_storage);
  return standing(update ?? (initial && !(elapsed < wait!)), update !== undefined, isForAdvertising);
}

function isGranted(setting: string | undefined): boolean | undefined {
  return setting === undefined ? setting : setting === 'granted';
}
