import * as z from 'zod';
import { nearest } from './suggest.ts';

/** One thing that is wrong with a config: where, what stands there, and what was expected. */
export interface ConfigProblem {
  /** Such as `conversions[0].sql`; empty for the config as a whole. */
  readonly path: string;
  readonly message: string;
}

/** Turns zod's issues into messages that name path, value, expectation and the nearest valid name. */
export function problemsOf(error: z.ZodError, schema: z.ZodType, input: unknown): ConfigProblem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, schema, input));
}

function problemsOfIssue(issue: z.core.$ZodIssue, schema: z.ZodType, input: unknown): ConfigProblem[] {
  const value = valueAt(input, issue.path);
  const at = (message: string): ConfigProblem[] => [{ path: renderPath(issue.path), message }];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const valid = keysAt(schema, issue.path, input);
      return issue.keys.map((key) => ({
        path: renderPath([...issue.path, key]),
        message: `${renderValue(valueAt(value, [key]))}: unknown key; ${didYouMean(key, valid) ?? `expected one of ${valid.join(', ')}`}`,
      }));
    }
    case 'invalid_type':
      return at(
        value === undefined ? `missing; expected ${article(issue.expected)}` : `${renderValue(value)}: expected ${article(issue.expected)}`,
      );
    case 'invalid_value': {
      const hint = typeof value === 'string' ? didYouMean(value, issue.values.map(String)) : undefined;
      return at(`${renderValue(value)}: expected ${oneOf(issue.values)}${hint ? `; ${hint}` : ''}`);
    }
    case 'invalid_union': {
      const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : [];
      const hint = typeof value === 'string' ? didYouMean(value, options.map(String)) : undefined;
      return at(`${renderValue(value)}: expected ${oneOf(options)}${hint ? `; ${hint}` : ''}`);
    }
    case 'invalid_key':
      return at(`name ${renderValue(issue.path.at(-1))}: ${issue.issues[0]?.message ?? issue.message}`);
    case 'too_small':
    case 'too_big':
      return at(`${renderValue(value)}: ${issue.message.replace(/^Too (?:small|big): /, '')}`);
    case 'custom':
      // A refinement of the schema writes the whole message itself, the value included.
      return at(issue.message);
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_element':
      return at(`${renderValue(value)}: ${issue.message}`);
  }
}

/** The names that are valid in the object at a path of the config. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[], input: unknown): string[] {
  let current: z.ZodType | undefined = unwrap(schema, input);
  let value = input;
  for (const key of path) {
    value = valueAt(value, [key]);
    current = current && unwrap(member(current, key), value);
  }
  return current instanceof z.ZodObject ? Object.keys(current.shape) : [];
}

function member(schema: z.ZodType, key: PropertyKey): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return schema.shape[String(key)] as z.ZodType | undefined;
  if (schema instanceof z.ZodRecord) return schema.valueType as z.ZodType;
  if (schema instanceof z.ZodArray) return schema.element as z.ZodType;
  return undefined;
}

/** Takes off defaults and optionals, and picks the option of a union that the value's discriminator names. */
function unwrap(schema: z.ZodType | undefined, value: unknown): z.ZodType | undefined {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return unwrap(schema.unwrap() as z.ZodType, value);
  }
  if (schema instanceof z.ZodDiscriminatedUnion) {
    const { discriminator } = schema.def;
    const options = schema.options as readonly z.ZodType[];
    const chosen = options.find((option) => {
      const tag = option instanceof z.ZodObject ? (option.shape[discriminator] as z.ZodType | undefined) : undefined;
      return tag?.safeParse(valueAt(value, [discriminator])).success;
    });
    return chosen && unwrap(chosen, value);
  }
  return schema;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((current, key) => {
    if (typeof current !== 'object' || current === null) return undefined;
    return (current as Record<PropertyKey, unknown>)[key];
  }, value);
}

/** `did you mean "x"?`, or undefined where no valid name is near. */
export function didYouMean(word: string, valid: readonly string[]): string | undefined {
  const name = nearest(word, valid);
  return name === undefined ? undefined : `did you mean "${name}"?`;
}

/** A path as one would write it in code: `conversions[0].sql`. */
export function renderPath(path: readonly PropertyKey[]): string {
  return path
    .map((key, i) => {
      if (typeof key === 'number') return `[${key}]`;
      const name = String(key);
      if (!/^[A-Za-z_$][\w$]*$/.test(name)) return `[${JSON.stringify(name)}]`;
      return i === 0 ? name : `.${name}`;
    })
    .join('');
}

/** A value as it stands in the config, cut where it is long. */
export function renderValue(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = (JSON.stringify(value) as string | undefined) ?? `a ${typeof value}`;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function oneOf(values: readonly unknown[]): string {
  const rendered = values.map((value) => JSON.stringify(value));
  return rendered.length === 1 ? rendered[0]! : `one of ${rendered.join(', ')}`;
}

function article(type: string): string {
  if (type === 'int') return 'a whole number';
  if (type === 'record') return 'an object';
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}
