import { parse as parseUserAgent } from 'bowser';
import { isbot } from 'isbot';
import type { EventRow } from '../contract/event-row.ts';
import { LIMITS } from './limits.ts';

type DeviceColumns = Pick<EventRow, 'user_agent' | 'device_type' | 'browser' | 'os' | 'is_bot'>;

const DEVICE_TYPES: ReadonlySet<string> = new Set(['desktop', 'mobile', 'tablet', 'tv']);

/** Parsing takes 20 µs, and a batch holds few different user agents. */
const REMEMBERED = 2_000;
const known = new Map<string, DeviceColumns>();

/**
 * What a user agent says about the device.
 * @param expected whether a real client would have sent one: then an empty user agent is a bot's.
 */
export function deviceColumns(userAgent: string | null, expected: boolean): DeviceColumns {
  const text = userAgent?.slice(0, LIMITS.userAgentCharacters).trim();
  if (!text) return { user_agent: null, device_type: null, browser: null, os: null, is_bot: expected };
  let columns = known.get(text);
  if (!columns) {
    columns = parse(text);
    if (known.size >= REMEMBERED) known.clear();
    known.set(text, columns);
  }
  return columns;
}

function parse(text: string): DeviceColumns {
  const { browser, os, platform } = parseUserAgent(text);
  const deviceType = platform.type?.toLowerCase() ?? '';
  return {
    user_agent: text,
    device_type: DEVICE_TYPES.has(deviceType) ? deviceType : null,
    browser: browser.name || null,
    os: os.name || null,
    is_bot: isbot(text),
  };
}
