import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Conversion, sqlConversion } from './conversions.ts';
import { readFrontMatter } from './front-matter.ts';
import { type ConfigProblem, placedProblemsOf, renderPath } from './problems.ts';

/** Folder beside the config: each file of SQL in it that begins with front matter is a conversion. */
export const CONVERSIONS_FOLDER = 'conversions';

/** A conversion, and how messages name the place of one of its members. */
export interface PlacedConversion {
  readonly conversion: Conversion;
  /** Such as `conversions[0].inherit.from`, or `conversions/lead.sql:4: inherit.from`. */
  readonly at: (...path: readonly PropertyKey[]) => string;
}

const inFile = sqlConversion.omit({ sql: true });

/** The conversions that files of SQL define by their front matter, by the files' names, and what is wrong with it. */
export function conversionFiles(configFolder: string): { readonly placed: PlacedConversion[]; readonly problems: ConfigProblem[] } {
  const placed: PlacedConversion[] = [];
  const problems: ConfigProblem[] = [];
  for (const file of sqlFiles(configFolder)) {
    const found = readFrontMatter(readFileSync(path.join(configFolder, file), 'utf8'), file);
    if (found === undefined) continue;
    if ('problems' in found) {
      problems.push(...found.problems);
      continue;
    }
    const place = (at: readonly PropertyKey[]) => `${file}:${found.lineOf(at)}${at.length > 0 ? `: ${renderPath(at)}` : ''}`;
    const input = isObject(found.content) ? { name: path.basename(file, '.sql'), ...found.content } : found.content;
    const parsed = inFile.safeParse(input);
    if (parsed.success) placed.push({ conversion: { ...parsed.data, sql: file }, at: (...at) => place(at) });
    else problems.push(...placedProblemsOf(parsed.error, inFile, input).map((one) => ({ path: place(one.path), message: one.message })));
  }
  return { placed, problems };
}

/** Files of SQL in the folder that define nothing: without front matter, and no conversion of the config names them. */
export function looseConversionFiles(configFolder: string, conversions: readonly Conversion[]): string[] {
  const used = new Set(conversions.flatMap((one) => (one.kind === 'sql' ? [path.resolve(configFolder, one.sql)] : [])));
  return sqlFiles(configFolder).filter((file) => !used.has(path.resolve(configFolder, file)));
}

/** Relative to the config, by name. */
function sqlFiles(configFolder: string): string[] {
  const folder = path.join(configFolder, CONVERSIONS_FOLDER);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.sql'))
    .map((entry) => `${CONVERSIONS_FOLDER}/${entry.name}`)
    .sort();
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null && !Array.isArray(value);
