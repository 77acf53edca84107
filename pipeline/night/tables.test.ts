import { expect, test } from 'vitest';
import { isReservedTable } from '../config/reserved-tables.ts';
import { PUBLICATION } from '../models/reports/publication.ts';
import { Config } from '../config/schema.ts';
import { projectTables } from '../sources/project-tables.ts';
import { LOADED_SEGMENTS } from '../warehouse/duckdb/landing.ts';
import { NIGHT_TABLES } from './tables.ts';

const PLAIN = Config.parse({ project: { name: 'Test', timeZone: 'UTC', currency: 'EUR' } });

test.each([...projectTables(PLAIN), ...NIGHT_TABLES, PUBLICATION, LOADED_SEGMENTS].map(({ name }) => name))(
  'no CRM source can take the name of the table %s',
  (name) => {
    expect(isReservedTable(name)).toBe(true);
  },
);
