import path from 'node:path';
import type { Config } from '../config/schema.ts';
import { unknownColumns } from '../warehouse/csv-cells.ts';
import { nullable, required } from '../warehouse/columns.ts';
import type { Step } from '../models/step.ts';
import type { Change, TableDefinition } from '../warehouse/warehouse.ts';
import { guardAgainstShrinking } from './shrink-guard.ts';

type Source = Config['sources'][string];

/** The table of a CRM source: named like the source, with its columns as the config declares them. */
export function sourceTable(name: string, source: Source): TableDefinition {
  const columns = Object.entries(source.columns).map(([column, type]) =>
    (source.key.includes(column) ? required : nullable)(column, type, `Column ${column} of ${source.csv}.`),
  );
  return { name, description: `CRM source ${name}: the rows of ${source.csv}.`, columns, key: source.key };
}

/** Makes the table of each source equal to its CSV file. The tables are the customer's own: values stay as they are. */
export const syncSources: Step = async ({ warehouse, config, configFolder, allowMassDelete }) => {
  const changes: Record<string, Change> = {};
  const warnings: string[] = [];
  for (const [name, source] of Object.entries(config.sources)) {
    const file = path.resolve(configFolder, source.csv);
    const guarded = {
      file,
      configPath: `sources.${name}.csv`,
      table: name,
      maximumShrink: source.maximumShrink,
      allowMassDelete,
    };
    warnings.push(...(await guardAgainstShrinking(warehouse, guarded)));
    const target = sourceTable(name, source);
    changes[name] = await warehouse.loadCsv(target, file, { label: `sources.${name}`, ignoreUnknown: true });
    // A CRM's export gains a column whenever somebody adds a field there.
    const ignored = await unknownColumns(target, file);
    if (ignored.length > 0) {
      const which = ignored.map((column) => `"${column}"`).join(', ');
      warnings.push(
        `sources.${name}: ${file} has ${ignored.length === 1 ? 'a column' : 'columns'} that sources.${name}.columns does not declare: ${which}; ignored`,
      );
    }
  }
  return { changes, warnings };
};
