import { expect, test } from 'vitest';
import { isReservedTable } from '../config/reserved-tables.ts';
import { PUBLICATION } from '../models/reports/publication.ts';
import { STATIC_TABLES } from '../sources/project-tables.ts';
import { LOADED_SEGMENTS } from '../warehouse/duckdb/landing.ts';
import { NIGHT_TABLES } from './tables.ts';

test.each([...STATIC_TABLES, ...NIGHT_TABLES, PUBLICATION, LOADED_SEGMENTS].map(({ name }) => name))(
  'no CRM source can take the name of the table %s',
  (name) => {
    expect(isReservedTable(name)).toBe(true);
  },
);
