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
  return placedProblemsOf(error, schema, input).map(({ path, message }) => ({ path: renderPath(path), message }));
}

/** A problem whose place can still be looked up, such as that of a line in a file. */
export interface PlacedProblem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** As {@link problemsOf}, with the paths as they are. */
export function placedProblemsOf(error: z.ZodError, schema: z.ZodType, input: unknown): PlacedProblem[] {
  return error.issues.flatMap((issue) => problemsOfIssue(issue, schema, input));
}

function problemsOfIssue(issue: z.core.$ZodIssue, schema: z.ZodType, input: unknown): PlacedProblem[] {
  const value = valueAt(input, issue.path);
  const at = (message: string): PlacedProblem[] => [{ path: issue.path, message }];
  switch (issue.code) {
    case 'unrecognized_keys': {
      const valid = keysAt(schema, issue.path, input);
      return issue.keys.map((key) => ({
        path: [...issue.path, key],
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
      const inside = problemsOfClosest(issue, schema, input);
      if (inside) return inside;
      // A discriminator with a default may be missing, which is nothing to write.
      const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.filter((option) => option !== undefined) : [];
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

/**
 * Of a value that may have several forms: what is wrong with it as the form that it is nearest to, or the forms where it
 * is near to none; undefined where the issue is of another kind.
 */
function problemsOfClosest(issue: z.core.$ZodIssueInvalidUnion, schema: z.ZodType, input: unknown): PlacedProblem[] | undefined {
  const forms = formsOf(schemaAt(schema, issue.path, input, false));
  if (issue.errors.length === 0 || forms === undefined) return undefined;
  const value = valueAt(input, issue.path);
  const near = forms.flatMap((form, i) =>
    issue.errors[i] && !isOtherKind(form, issue.errors[i], value) ? [{ form, issues: issue.errors[i] }] : [],
  );
  const nearest = closestForm(
    near.map(({ form }) => form),
    value,
  );
  const closest = near.length === 1 ? near[0] : near.find(({ form }) => form === nearest);
  if (!closest)
    return [{ path: issue.path, message: `${renderValue(value)}: expected ${[...new Set(forms.map(formInWords))].join(' or ')}` }];
  return closest.issues
    .flatMap((inner) => problemsOfIssue(inner, closest.form, value))
    .map(({ path, message }) => ({ path: [...issue.path, ...path], message }));
}

/** Whether a value is no object where one is expected, or the other way round. A name that is none of a list is of its kind. */
function isOtherKind(form: z.ZodType, issues: readonly z.core.$ZodIssue[], value: unknown): boolean {
  if (form instanceof z.ZodEnum && typeof value === 'string') return false;
  return issues.some(({ path, code }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value'));
}

/** The forms of a value that may have several, which no member tells apart by its value. */
function formsOf(schema: z.ZodType | undefined): readonly z.ZodType[] | undefined {
  if (schema instanceof z.ZodDiscriminatedUnion || !(schema instanceof z.ZodUnion)) return undefined;
  return (schema.options as readonly z.ZodType[]).map((option) => unwrap(option, undefined) ?? option);
}

/** The form of an object that knows most of its members; undefined where none knows any. */
function closestForm(forms: readonly z.ZodType[], value: unknown): z.ZodType | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const known = (form: z.ZodType) => (form instanceof z.ZodObject ? Object.keys(value).filter((key) => key in form.shape).length : 0);
  const named = forms.map((form) => unwrap(form, value) ?? form);
  const best = Math.max(0, ...named.map(known));
  return best === 0 ? undefined : named.find((form) => known(form) === best);
}

function formInWords(form: z.ZodType): string {
  if (form instanceof z.ZodLiteral) return oneOf([...form.values]);
  if (form instanceof z.ZodEnum) return oneOf(form.options);
  if (form instanceof z.ZodDiscriminatedUnion) return `{ ${form.def.discriminator}, … }`;
  if (form instanceof z.ZodObject) return `{ ${Object.keys(form.shape).join(', ')} }`;
  return article(form.type);
}

/** The names that are valid in the object at a path of the config. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[], input: unknown): string[] {
  const found = schemaAt(schema, path, input, true);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

/** @param choose whether a value that may have several forms is taken for the one it is nearest to. */
function schemaAt(schema: z.ZodType, path: readonly PropertyKey[], input: unknown, choose: boolean): z.ZodType | undefined {
  let current = path.length > 0 || choose ? chosen(unwrap(schema, input), input) : unwrap(schema, input);
  let value = input;
  path.forEach((key, i) => {
    value = valueAt(value, [key]);
    current = current && unwrap(member(current, key), value);
    if (choose || i < path.length - 1) current = chosen(current, value);
  });
  return current;
}

function chosen(schema: z.ZodType | undefined, value: unknown): z.ZodType | undefined {
  const forms = formsOf(schema);
  return forms === undefined ? schema : closestForm(forms, value);
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
    const named = options.find((option) => {
      const tag = option instanceof z.ZodObject ? (option.shape[discriminator] as z.ZodType | undefined) : undefined;
      return tag?.safeParse(valueAt(value, [discriminator])).success;
    });
    return named && unwrap(named, value);
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

/** A name that is none of the valid ones, with the nearest of them. */
export function unknownName(name: string, kind: string, valid: readonly string[]): string {
  const hint = didYouMean(name, valid) ?? (valid.length > 0 ? `there are ${valid.join(', ')}` : 'there is none');
  return `"${name}": no such ${kind}; ${hint}`;
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
