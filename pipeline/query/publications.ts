import path from 'node:path';
import { CONVERSIONS } from '../models/conversions/tables.ts';
import { PUBLICATIONS_FOLDER } from '../models/reports/publication.ts';
import { REPORT_COSTS, REPORT_SESSIONS } from '../models/reports/tables.ts';
import { sql, table } from '../warehouse/sql.ts';
import { openKept, publicationIds } from './publication.ts';

/** A publication that can be read, and what it holds. */
export interface KeptPublication {
  readonly publication_id: string;
  /** ISO in UTC. */
  readonly published_at: string;
  readonly data_up_to: string | null;
  readonly time_zone: string;
  readonly sessions: number;
  readonly conversions: number;
  readonly cost_rows: number;
  /** Whether it is the one that is read where nothing is said. */
  readonly is_current: boolean;
}

/** The publications of a data folder that can be read, latest first. @throws UserError where one cannot be opened. */
export async function keptPublications(dataFolder: string): Promise<KeptPublication[]> {
  const ids = await publicationIds(dataFolder);
  const kept: KeptPublication[] = [];
  for (const id of ids) {
    const opened = await openKept(path.join(dataFolder, PUBLICATIONS_FOLDER), id);
    if (!opened) continue;
    const { warehouse, publication } = opened;
    try {
      const [counts] = await warehouse.rows<Pick<KeptPublication, 'sessions' | 'conversions' | 'cost_rows'>>(COUNTS, 'publication');
      const { publication_id, published_at, data_up_to, config } = publication;
      kept.push({ publication_id, published_at, data_up_to, time_zone: config.project.timeZone, ...counts!, is_current: id === ids[0] });
    } finally {
      await warehouse.close();
    }
  }
  return kept;
}

const COUNTS = sql`
  select
    (select count(*) from ${table(REPORT_SESSIONS.name)}) as sessions,
    (select count(*) from ${table(CONVERSIONS.name)}) as conversions,
    (select count(*) from ${table(REPORT_COSTS.name)}) as cost_rows`;
