import type { JsonObject } from '../records.ts';

/** A value of a parameter: text, number, or an integer beyond 2^53 as text. */
export type ParamValue = string | number;

/** What GA4 writes where it has no value, or gives none away. */
const NO_VALUES: ReadonlySet<string> = new Set(['', '(not set)', '(not provided)', '(data deleted)', '(other)', '<other>']);

/** A text of the export; undefined where it stands for nothing. */
export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return NO_VALUES.has(text.toLowerCase()) ? undefined : text;
}

/** The object under a name; empty where there is none. */
export function objectIn(value: JsonObject, name: string): JsonObject {
  const member = value[name];
  return typeof member === 'object' && member !== null && !Array.isArray(member) ? (member as JsonObject) : {};
}

/**
 * A list of parameters (`event_params`, `user_properties`) as an object. Each is a record of `key` and `value`, of whose members
 * `string_value`, `int_value`, `float_value` and `double_value` one has a value. Integers are text in NDJSON.
 * Source: https://support.google.com/analytics/answer/7029846
 */
export function paramsOf(list: unknown): Readonly<Record<string, ParamValue>> {
  if (!Array.isArray(list)) return {};
  const entries = (list as readonly unknown[]).flatMap((item) => {
    if (typeof item !== 'object' || item === null) return [];
    const key = textOf((item as JsonObject)['key']);
    const value = paramValue(objectIn(item as JsonObject, 'value'));
    return key === undefined || value === undefined ? [] : [[key, value] as const];
  });
  return Object.fromEntries(entries);
}

function paramValue(value: JsonObject): ParamValue | undefined {
  const text = textOf(value['string_value']);
  if (text !== undefined) return text;
  for (const name of ['int_value', 'float_value', 'double_value']) {
    const number = numberOf(value[name]);
    if (number !== undefined) return number;
  }
  return undefined;
}

/** A number; text where it would be rounded. */
export function numberOf(value: unknown): ParamValue | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined;
  if (typeof value !== 'string' || !/^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value.trim())) return undefined;
  const number = Number(value);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? value.trim() : number;
}

/** A copy without members that say nothing; undefined where none is left. */
export function compact(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(compact).filter((item) => item !== undefined);
    return items.length > 0 ? items : undefined;
  }
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).flatMap(([name, member]) => {
      const kept = compact(member);
      return kept === undefined ? [] : [[name, kept] as const];
    });
    return members.length > 0 ? Object.fromEntries(members) : undefined;
  }
  if (typeof value === 'string') return textOf(value);
  return value ?? undefined;
}
