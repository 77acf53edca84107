import { didYouMean, renderValue } from '../../config/problems.ts';
import { UserError } from '../../config/user-error.ts';
import type { JsonObject } from '../records.ts';
import { isTimeZone } from '../zoned-time.ts';
import { FREE_OBJECTS, placeOf, TARGET_NAMES } from './targets.ts';
import { NAMED_TIME_FORMATS, timeReader } from './time-format.ts';

/** How a field of ours comes from a record. */
export interface Rule {
  /** Column of a CSV file, or path of members (`user.id`); of several the first that has a value. `*`: all that no other rule reads. */
  readonly from?: readonly string[];
  /** The same for all records. */
  readonly value?: unknown;
  /** In a mapping that is a program: what the record gives. */
  readonly call?: (record: JsonObject) => unknown;
  /** What each value of the source stands for. */
  readonly values?: JsonObject;
  /** What all other values stand for; null: nothing. Without it they are an error. */
  readonly otherwise?: unknown;
  readonly as?: (typeof TYPES_OF_VALUES)[number];
  /** Of `timestamp`: see `timeReader`. */
  readonly format?: string;
  readonly zone?: string;
}

/** A checked mapping. */
export interface Mapping {
  /** By the names of {@link placeOf}. */
  readonly fields: Readonly<Record<string, Rule>>;
  /** Fields without which a record is refused, beside those that every event needs. */
  readonly required: readonly string[];
}

export const TYPES_OF_VALUES = ['text', 'number', 'boolean'] as const;
const RULE_MEMBERS = ['from', 'value', 'values', 'otherwise', 'as', 'format', 'zone'] as const;

/**
 * Checks a mapping as the user has written it.
 * @param name of its file, for messages.
 * @throws UserError (exit code 2) with everything that is wrong.
 */
export function checkMapping(input: unknown, name: string): Mapping {
  const problems: string[] = [];
  const report = (path: string, message: string): void => void problems.push(`${path}: ${message}`);
  const mapping = read(input, report);
  if (problems.length === 0) return mapping;
  throw new UserError(`${name} is no mapping:\n${problems.map((problem) => `  ${problem}`).join('\n')}`, { exitCode: 2 });
}

type Report = (path: string, message: string) => void;

function read(input: unknown, report: Report): Mapping {
  const nothing: Mapping = { fields: {}, required: [] };
  if (!isObject(input)) {
    report('mapping', `${renderValue(input)}: expected an object such as { "fields": { "timestamp": "visited_at" } }`);
    return nothing;
  }
  unknownMembers(input, ['fields', 'required'], '', report);
  const { fields, required = [] } = input;
  if (!isObject(fields) || Object.keys(fields).length === 0) {
    report('fields', `${renderValue(fields)}: expected an object of fields, such as { "timestamp": "visited_at" }`);
    return nothing;
  }
  const rules = Object.entries(fields).flatMap(([target, rule]) => {
    const path = `fields.${target}`;
    if (placeOf(target) === undefined) {
      report(
        path,
        `unknown field; ${didYouMean(target, TARGET_NAMES) ?? `expected one of ${TARGET_NAMES.join(', ')}, or properties.…, traits.…, context.…`}`,
      );
      return [];
    }
    const checked = ruleOf(target, rule, path, report);
    return checked ? [[target, checked] as const] : [];
  });
  if (!('timestamp' in fields)) report('fields.timestamp', 'missing; expected the column that says when the event happened');
  if (!('anonymousId' in fields) && !('userId' in fields))
    report('fields.anonymousId', 'missing; expected the column with the id of the visitor, or userId');
  if (!Array.isArray(required) || required.some((target) => typeof target !== 'string')) {
    report('required', `${renderValue(required)}: expected a list of fields`);
  } else {
    for (const target of required as readonly string[]) {
      if (!Object.hasOwn(fields, target))
        report('required', `"${target}" is not mapped; ${didYouMean(target, Object.keys(fields)) ?? 'expected one of the fields above'}`);
    }
  }
  return { fields: Object.fromEntries(rules), required: required as readonly string[] };
}

function ruleOf(target: string, input: unknown, path: string, report: Report): Rule | undefined {
  if (typeof input === 'string' && input !== '') return ruleOf(target, { from: input }, path, report);
  if (typeof input === 'function')
    return { call: input as NonNullable<Rule['call']>, ...(target === 'timestamp' && { format: 'iso', zone: 'UTC' }) };
  if (!isObject(input)) {
    report(path, `${renderValue(input)}: expected the name of a column, or an object such as { "from": "visited_at" }`);
    return undefined;
  }
  unknownMembers(input, RULE_MEMBERS, `${path}.`, report);
  const { from, value, values, otherwise, as, format, zone } = input;
  const names = typeof from === 'string' ? [from] : from;
  const hasValue = 'value' in input;
  if ((names === undefined) === !hasValue) report(path, 'expected either "from" (a column) or "value" (a constant)');
  if (names !== undefined && !isTexts(names))
    report(`${path}.from`, `${renderValue(from)}: expected the name of a column, or a list of them`);
  const isAll = isTexts(names) && names.includes('*');
  if (isAll && !FREE_OBJECTS.some((free) => free === target))
    report(`${path}.from`, `"*" stands for many columns; expected the name of one: only ${FREE_OBJECTS.join(', ')} take them all`);
  if (values !== undefined && !isObject(values))
    report(`${path}.values`, `${renderValue(values)}: expected an object, such as { "pageview": "page" }`);
  if ('otherwise' in input && values === undefined)
    report(`${path}.otherwise`, 'is for what "values" does not name; expected "values" beside it');
  if (as !== undefined && !TYPES_OF_VALUES.some((type) => type === as))
    report(`${path}.as`, `${renderValue(as)}: expected one of ${TYPES_OF_VALUES.join(', ')}`);
  if ((format !== undefined || zone !== undefined) && target !== 'timestamp') report(path, '"format" and "zone" belong to timestamp');
  if (zone !== undefined && (typeof zone !== 'string' || !isTimeZone(zone)))
    report(`${path}.zone`, `${renderValue(zone)}: expected an IANA time zone such as "Europe/Berlin"`);
  else if (format !== undefined) checkFormat(format, `${path}.format`, report);
  return {
    ...(names !== undefined && { from: names as readonly string[] }),
    ...(hasValue && { value }),
    ...(values !== undefined && { values: values as JsonObject }),
    ...('otherwise' in input && { otherwise }),
    ...(as !== undefined && { as: as as NonNullable<Rule['as']> }),
    ...(target === 'timestamp' && { format: typeof format === 'string' ? format : 'iso', zone: typeof zone === 'string' ? zone : 'UTC' }),
  };
}

function checkFormat(format: unknown, path: string, report: Report): void {
  if (typeof format !== 'string') {
    report(path, `${renderValue(format)}: expected one of ${NAMED_TIME_FORMATS.join(', ')}, or a pattern such as "dd.MM.yyyy HH:mm"`);
    return;
  }
  const hint = didYouMean(format, NAMED_TIME_FORMATS);
  try {
    timeReader(format, 'UTC');
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    report(path, `${renderValue(format)}: ${hint && !/[ymd]{2}/i.test(format) ? hint : error.message}`);
  }
}

function unknownMembers(input: JsonObject, known: readonly string[], prefix: string, report: Report): void {
  for (const member of Object.keys(input)) {
    if (!known.includes(member))
      report(`${prefix}${member}`, `unknown; ${didYouMean(member, known) ?? `expected one of ${known.join(', ')}`}`);
  }
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string' && item !== '');

/** The columns that a mapping reads, `*` left out. */
export function columnsRead({ fields }: Mapping): string[] {
  return [...new Set(Object.values(fields).flatMap(({ from = [] }) => from))].filter((name) => name !== '*');
}

/** Whether columns that no rule names are taken all the same. */
export function takesAll({ fields }: Mapping): boolean {
  return Object.values(fields).some(({ from = [], call }) => call !== undefined || from.includes('*'));
}
