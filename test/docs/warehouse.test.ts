import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Config } from '../../pipeline/config/schema.ts';
import { NIGHT_TABLES } from '../../pipeline/night/tables.ts';
import { projectTables } from '../../pipeline/sources/project-tables.ts';
import { formatBytes } from '../../pipeline/warehouse/bytes.ts';

const text = await readFile(join(import.meta.dirname, '../../docs/warehouse.md'), 'utf8');
const lines = text.split('\n');

const PLAIN = Config.parse({ project: { name: 'Test', timeZone: 'UTC', currency: 'EUR' } });
const quoted = (names: readonly string[]) => names.map((name) => `\`${name}\``).join(', ');

test('the page names every partition and cluster of the data model, and no other', () => {
  const expected = [...projectTables(PLAIN), ...NIGHT_TABLES]
    .filter(({ name, partitionBy, clusterBy, query }) => !query && !name.startsWith('staged_') && (partitionBy ?? clusterBy))
    .map(({ name, partitionBy, clusterBy = [] }) => `| \`${name}\` | ${quoted(partitionBy ? [partitionBy] : [])} | ${quoted(clusterBy)} |`);
  const first = lines.findIndex((line) => line.startsWith('| Table | partitioned by'));
  const documented = lines.slice(first + 2, lines.indexOf('', first));
  expect(documented.toSorted()).toEqual(expected.toSorted());
});

test('the page names the limits with their defaults', () => {
  const { warehouse } = Config.parse({
    project: { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' },
    warehouse: { type: 'bigquery', project: 'p', dataset: 'd' },
  });
  if (warehouse.type !== 'bigquery') throw new Error('a BigQuery config is one');
  for (const name of ['maximumBytesBilled', 'maximumBytesPerRun'] as const)
    expect(text).toContain(`| \`warehouse.${name}\` | ${formatBytes(warehouse[name]).replace('.0', '')} |`);
});
