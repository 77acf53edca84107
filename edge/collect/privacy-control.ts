import { CLICK_ID_PARAMETERS } from '../contract/click-ids.ts';
import { isEmailHash } from '../contract/email.ts';
import { EMAIL_MEMBERS, LINK_MEMBER, LIST_MEMBERS } from './email-hashes.ts';
import { isEmail } from './email-shapes.ts';
import { objectAt } from './members.ts';

/**
 * Whether the visitor asks not to be known elsewhere: by the browser (`context.gpc`, which the tracker takes from
 * `navigator.globalPrivacyControl`), or by having denied consent, where a site measures without it.
 * Source: https://w3c.github.io/gpc/
 */
export function asksForPrivacy(event: Readonly<Record<string, unknown>>): boolean {
  const context = objectAt(event, 'context');
  return context['gpc'] === true || context['consent'] === 'denied';
}

/**
 * The event without what ties the visitor to ad platforms, mail tools and other sites: click ids, platforms' cookies and hashes of
 * addresses, as members and in addresses of pages. What happened on the site stays. Its nesting must have been checked before.
 */
export function withoutTies(event: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return clean(event) as Record<string, unknown>;
}

const CLICK_IDS = CLICK_ID_PARAMETERS.map(({ name }) => name);
/** In small letters; `fbc` and `fbp` are Meta's cookies. */
const TIES: ReadonlySet<string> = new Set(
  [...CLICK_IDS, LINK_MEMBER, ...LIST_MEMBERS, 'clickIds', 'click_ids', 'fbc', 'fbp', '_fbc', '_fbp'].map((name) => name.toLowerCase()),
);
const EMAIL_NAMES: ReadonlySet<string> = new Set(EMAIL_MEMBERS);

function isTie([name, value]: [string, unknown]): boolean {
  if (TIES.has(name.toLowerCase())) return true;
  return EMAIL_NAMES.has(name) && typeof value === 'string' && (isEmailHash(value.trim()) || isEmail(value));
}

function clean(value: unknown): unknown {
  if (typeof value === 'string') return withoutTyingParameters(value);
  if (Array.isArray(value)) return value.map(clean);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter((member) => !isTie(member))
      .map(([name, member]) => [name, clean(member)]),
  );
}

const NAME = [...CLICK_IDS, LINK_MEMBER].join('|');
/** Within an address another one may stand, percent-encoded once or more: then its delimiters are, too. */
const ENCODED = '%(?:25)*';
const PARAMETER = new RegExp(
  String.raw`(?<=[?&;#])(?:${NAME})=[^&;#\s"'<>]*[&;]?` +
    String.raw`|(?<=${ENCODED}(?:3f|26|3b|23))(?:${NAME})${ENCODED}3d(?:(?!${ENCODED}(?:26|3b|23))[^&;#\s"'<>])*(?:${ENCODED}(?:26|3b))?`,
  'giu',
);
/** Delimiters with nothing behind them. */
const DANGLING = new RegExp(String.raw`(?:[?&;#]|${ENCODED}(?:3f|26|3b|23)){1,2}(?=#|$)`, 'iu');

/** A text, such as a page's address or its query, without the parameters that hold click ids or hashes of addresses. */
function withoutTyingParameters(text: string): string {
  const left = text.replace(PARAMETER, '');
  return left === text ? text : left.replace(DANGLING, '');
}
