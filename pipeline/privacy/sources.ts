import { createReadStream, existsSync, mkdirSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import path from 'node:path';
import { emailHash } from '../../edge/contract/email.ts';
import type { Config } from '../config/schema.ts';
import { storedIdentifier } from '../models/identifiers.ts';
import type { Tombstones } from '../models/erasures/candidates.ts';
import { csvRecords, withoutCells } from './csv-records.ts';
import { erasuresFolder } from './database-file.ts';
import { sourceIdentifier } from './places.ts';

type Source = Config['sources'][string];

/** A config whose CRM files name no erased person, and how to remove the copies that were made for it. */
export interface CleanedSources {
  readonly config: Config;
  readonly warnings: readonly string[];
  remove(): Promise<void>;
}

/**
 * CRM exports without the identifiers of erased persons: rows that name one stay, with their declared identifiers emptied, so that
 * the business figures stay and nobody is joined. Only a file that names one is copied, for as long as it is loaded. The CRM itself
 * is not changed: each export that still names them is told.
 */
export async function sourcesWithoutErased(
  config: Config,
  configFolder: string,
  dataFolder: string,
  isErased: Tombstones['isErased'],
): Promise<CleanedSources> {
  const sources: Record<string, Source> = { ...config.sources };
  const copies: string[] = [];
  const warnings: string[] = [];
  for (const [name, source] of Object.entries(config.sources)) {
    const file = path.resolve(configFolder, source.csv);
    if (!existsSync(file)) continue;
    const rows = await clean(file, source, isErased);
    if (rows === 0) continue;
    mkdirSync(erasuresFolder(dataFolder), { recursive: true, mode: 0o700 });
    const copy = path.join(erasuresFolder(dataFolder), `${name}.csv`);
    copies.push(copy);
    await clean(file, source, isErased, copy);
    sources[name] = { ...source, csv: copy };
    warnings.push(
      `sources.${name}: ${rows === 1 ? '1 row names an erased person' : `${rows} rows name erased persons`}: loaded without identifiers. Erase them in the CRM, too: ${file}`,
    );
  }
  return {
    config: { ...config, sources },
    warnings,
    remove: async () => {
      for (const copy of copies) await rm(copy, { force: true });
    },
  };
}

/** @param to where the cleaned file is written; without it rows are only counted. */
async function clean(file: string, source: Source, isErased: Tombstones['isErased'], to?: string): Promise<number> {
  const output = to === undefined ? undefined : await open(to, 'w', 0o600);
  try {
    let header: readonly string[] | undefined;
    let rows = 0;
    let waiting = '';
    for await (const record of csvRecords(createReadStream(file, { encoding: 'utf8' }) as AsyncIterable<string>)) {
      let { text } = record;
      if (header === undefined) header = record.cells.map((cell) => cell.trim());
      else {
        const places = Object.entries(source.identity).map(([column, kind]) => ({ at: header!.indexOf(column), column, kind }));
        if (places.some(({ at, kind }) => namesErased(record.cells[at], kind, isErased))) {
          rows++;
          text = withoutCells(
            record,
            places.filter(({ column }) => !source.key.includes(column)).map(({ at }) => at),
          );
        }
      }
      if (!output) continue;
      waiting += text;
      if (waiting.length > 1024 * 1024) {
        await output.appendFile(waiting);
        waiting = '';
      }
    }
    await output?.appendFile(waiting);
    return rows;
  } finally {
    await output?.close();
  }
}

function namesErased(cell: string | undefined, kind: string, isErased: Tombstones['isErased']): boolean {
  const kinds = sourceIdentifier(kind);
  const text = cell?.trim() ?? '';
  if (kinds === undefined || text === '') return false;
  if (kind === 'email') return isErased('email_hash', emailHash(text));
  const value = storedIdentifier(text);
  return (
    kinds.some((of) => isErased(of, of === 'email_hash' ? value.toLowerCase() : value)) || (value !== text && isErased('email_hash', value))
  );
}
