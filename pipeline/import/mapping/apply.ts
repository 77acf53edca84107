import { emailHash, isEmailHash, normalizeEmail } from '../../../edge/contract/email.ts';
import type { Convert } from '../message.ts';
import { shown, valueAt } from '../message.ts';
import { contentId } from '../message-id.ts';
import type { JsonObject } from '../records.ts';
import { columnsRead, type Mapping, type Rule } from './mapping.ts';
import { FREE_OBJECTS, type Place, placeOf } from './targets.ts';
import { type TimeReader, timeReader } from './time-format.ts';

/** What is wrong with the value of one field. */
class WrongValue extends Error {}

/** Members of an event as it is put together. */
type Draft = Record<string, unknown>;

/**
 * Turns records into events as a mapping says. An event without a type is a track event where it has a name, else a page view where
 * it has an address, else an identify call where it has an e-mail address. A type that is mapped to null leaves the record out.
 */
export function mapper(mapping: Mapping): Convert {
  const read = new Set(columnsRead(mapping).map((name) => name.split('.')[0]!));
  const fields = Object.entries(mapping.fields).map(([target, rule]) => ({
    target,
    place: placeOf(target)!,
    value: valueReader(rule, read),
  }));
  return ({ value: record }) => {
    const draft: Draft = {};
    let email: unknown;
    for (const { target, place, value } of fields) {
      let found: unknown;
      try {
        found = value(record);
        if (target === 'email') email = found === undefined || found === null ? undefined : hashOf(found);
      } catch (error) {
        if (!(error instanceof WrongValue)) throw error;
        return { path: target, problem: error.message };
      }
      if (target === 'type' && found === null) return { leftOut: 'the mapping leaves them out' };
      if (found === undefined || found === null || found === '') {
        if (mapping.required.includes(target))
          return { path: target, problem: `there is no value${fromWords(mapping.fields[target]!)}; the mapping requires one` };
      } else if (target !== 'email') put(draft, place, found);
    }
    const type = draft['type'] ?? typeOf(draft, email);
    if (type === undefined) {
      return {
        path: 'type',
        problem: 'neither a name of an event nor an address nor an e-mail address tells the type; expected "type" in the mapping',
      };
    }
    draft['type'] = type;
    if (email !== undefined)
      put(draft, emailPlace(draft), type === 'identify' || isForm(draft) ? email : [{ hash: email, origin: 'server' }]);
    draft['messageId'] ??= contentId(record);
    return { message: draft };
  };
}

const fromWords = ({ from }: Rule): string => (from === undefined ? '' : ` in ${from.map((name) => `"${name}"`).join(' or ')}`);

function typeOf(draft: Draft, email: unknown): string | undefined {
  if (draft['event'] !== undefined) return 'track';
  if (valueAt(draft, 'context.page.url') !== undefined) return 'page';
  return email === undefined ? undefined : 'identify';
}

/** How the edge knows an address: as what somebody gave in a form, as the user's own, or as what a server says of the visitor. */
function emailPlace(draft: Draft): Place {
  if (draft['type'] === 'identify') return ['traits', 'email'];
  return isForm(draft) ? ['properties', 'email'] : ['context', 'emailHashes'];
}

const isForm = ({ type, event }: Draft): boolean =>
  type === 'track' && typeof event === 'string' && event.toLowerCase().replaceAll(/[\s_-]/g, '') === 'formsubmitted';

const EMAIL = /^[^\s@,;]+@[^\s@,;]+\.[^\s@,;.]{2,}$/;

/** The hash of an address, so that the address itself never leaves this machine. */
function hashOf(value: unknown): string {
  const text = typeof value === 'string' ? normalizeEmail(value) : '';
  if (isEmailHash(text)) return text.toLowerCase();
  // The value itself is not quoted: it may be an address after all.
  if (!EMAIL.test(text)) throw new WrongValue('this is no e-mail address; expected an address, its SHA-256 in hex, or nothing');
  return emailHash(text);
}

type ValueReader = (record: JsonObject) => unknown;

function valueReader(rule: Rule, read: ReadonlySet<string>): ValueReader {
  const { from = [], format, zone } = rule;
  const time = format === undefined ? undefined : timeReader(format, zone ?? 'UTC');
  const raw: ValueReader = rule.call
    ? rule.call
    : from.length === 0
      ? () => rule.value
      : from.includes('*')
        ? (record) => rest(record, read)
        : (record) => first(record, from);
  return (record) => {
    let value = raw(record);
    if (typeof value === 'string') value = value.trim();
    if (value === undefined || value === null || value === '') return value === null && rule.call ? null : undefined;
    if (rule.values) value = replaced(value, rule);
    if (value === undefined || value === null) return value;
    if (time) return timeText(value, time, rule);
    return rule.as === undefined ? value : converted(value, rule.as);
  };
}

function first(record: JsonObject, names: readonly string[]): unknown {
  for (const name of names) {
    const value = valueAt(record, name);
    if (value !== undefined && value !== null && value !== '') return value;
  }
  return undefined;
}

function rest(record: JsonObject, read: ReadonlySet<string>): JsonObject | undefined {
  const others = Object.entries(record).filter(([name]) => !read.has(name));
  return others.length > 0 ? Object.fromEntries(others) : undefined;
}

function replaced(value: unknown, { values, otherwise }: Rule): unknown {
  const name = textOf(value);
  if (Object.hasOwn(values!, name)) return values![name];
  if (otherwise !== undefined) return otherwise;
  throw new WrongValue(`${shown(value)}: expected one of ${Object.keys(values!).join(', ')}; name it in "values", or give "otherwise"`);
}

function timeText(value: unknown, time: TimeReader, { format }: Rule): string {
  const text = time(value instanceof Date ? value.toISOString() : value);
  if (text !== undefined) return text;
  throw new WrongValue(
    `${shown(value)}: expected a time ${format === 'iso' ? 'such as "2024-05-06T07:08:09Z"' : `in the format ${format!}`}`,
  );
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

function converted(value: unknown, as: NonNullable<Rule['as']>): unknown {
  if (as === 'text') return textOf(value);
  if (as === 'number') {
    const number = typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN;
    if (Number.isFinite(number)) return number;
    throw new WrongValue(`${shown(value)}: expected a number such as 1234.5`);
  }
  const known = /^(?:(true|1|yes|y|t)|(?:false|0|no|n|f))$/i.exec(textOf(value));
  if (known) return known[1] !== undefined;
  throw new WrongValue(`${shown(value)}: expected true or false`);
}

/** Sets a member at a place; objects for `properties`, `traits` and `context` are merged into what is there. */
function put(draft: Draft, place: Place, value: unknown): void {
  let at = draft;
  for (const name of place.slice(0, -1)) {
    const next = at[name];
    const object: Draft = typeof next === 'object' && next !== null && !Array.isArray(next) ? { ...next } : {};
    define(at, name, object);
    at = object;
  }
  const name = place.at(-1)!;
  const isMerged = place.length === 1 && FREE_OBJECTS.some((free) => free === name) && typeof value === 'object' && !Array.isArray(value);
  define(at, name, isMerged ? { ...(value as JsonObject), ...(at[name] as JsonObject | undefined) } : value);
}

/** Assigned, `__proto__` would be no member. */
function define(object: Draft, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
}
