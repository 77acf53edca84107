import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';
import { pendingSegments } from '../embedded/landing/folders.ts';
import type { ErasedIds } from '../models/erasures/predicates.ts';
import type { StepResult } from '../models/step.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import type { ErasureContext } from './apply.ts';
import { markUnfinished } from './database-file.ts';
import { loadErasureKey } from './key.ts';
import { judgeOf, namesErasedPerson } from '../../edge/contract/erased-lines.ts';
import { idsOfPerson, type Joined, type WeaklyJoined } from './joined-ids.ts';
import type { NamedPerson } from './person-ids.ts';
import { countInFiles, countInTables, type PlaceCount } from './places.ts';
import { notIncluded } from './not-included.ts';
import { writeTombstones } from './tombstones.ts';

/** What an erasure would delete. */
export interface ErasurePreview {
  readonly ids: ErasedIds;
  /** What weaker signals join with the person, and the erasure does not take. */
  readonly notIncluded: readonly WeaklyJoined[];
  /** Rows, lines and published rows; places without any are left out. */
  readonly places: readonly PlaceCount[];
  /** Lines that no run has looked at yet: they may name the person by an identifier that is not known to be theirs. */
  readonly waiting: number;
}

/** Looks up a person's identifiers, and where they stand. Writes nothing. */
export async function previewErasure(
  warehouse: Warehouse,
  config: Config,
  dataFolder: string,
  person: NamedPerson,
  joined?: Joined,
): Promise<ErasurePreview> {
  const { ids, others } = await idsOfPerson(warehouse, person, joined);
  const counts = [...(await countInTables(warehouse, config, ids)), ...(await countInFiles(dataFolder, ids, judgeOf(ids)))];
  return { ids, notIncluded: others, places: counts.filter(({ count }) => count > 0), waiting: await waitingLines(dataFolder, ids) };
}

async function waitingLines(dataFolder: string, ids: ErasedIds): Promise<number> {
  const judge = judgeOf(ids);
  let lines = 0;
  for (const file of await pendingSegments(dataFolder)) {
    for (const line of (await readFile(file, 'utf8')).split('\n')) if (line !== '' && namesErasedPerson(line, judge)) lines++;
  }
  return lines;
}

/**
 * A step that writes an erasure down; the steps of the night behind it carry it out. The person's identifiers are looked up once
 * more, so that none is missed that a run has joined since they were shown.
 */
export function requestErasure(
  person: NamedPerson,
  onWritten: (erasureId: string) => void,
  joined?: Joined,
): (context: ErasureContext) => Promise<StepResult> {
  return async ({ warehouse, config, dataFolder, now }) => {
    const key = await loadErasureKey(config.warehouse, dataFolder);
    const { ids, others } = await idsOfPerson(warehouse, person, joined);
    const erasure = {
      erasure_id: `${now.slice(0, 19).replaceAll(/[-:]/g, '')}Z-${randomBytes(4).toString('hex')}`,
      requested_at: now,
      kind: person.kind,
      value_hash: key.hash(person.kind, person.value),
      key_id: key.id,
      sealed_ids: key.seal(ids),
      places: others.map(notIncluded),
      verified_at: null,
      restorable_until: null,
    };
    await markUnfinished(dataFolder, now);
    const changes = await writeTombstones(warehouse, { erasure, ids }, key);
    onWritten(erasure.erasure_id);
    return { changes, warnings: [] };
  };
}
