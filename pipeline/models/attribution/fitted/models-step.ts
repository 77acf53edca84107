import { localDate } from '../../../config/calendar.ts';
import { arrayParam, raw, sql, table } from '../../../warehouse/sql.ts';
import type { Change, TableDefinition, Warehouse } from '../../../warehouse/warehouse.ts';
import { queue } from '../../conversions/derive/touched.ts';
import { CONVERSIONS } from '../../conversions/tables.ts';
import { emptyHeld } from '../../empty-held.ts';
import { SESSIONS } from '../../sessions/tables.ts';
import type { Step, StepContext } from '../../step.ts';
import { APPLIED_VERSIONS, CHANNEL_EFFECTS, FITTED_TABLES, MODEL_VERSIONS } from '../fitted-tables.ts';
import { VISIT_COEFFICIENTS } from '../visits/tables.ts';
import { dropUnusedTrees } from '../visits/trees.ts';
import { type Applied, appliedVersions } from './applied.ts';
import { type FittedVersion, fit } from './fit.ts';
import { isSettled, monthOf, monthsBetween } from './months.ts';
import { type FittedModel, NO_VERSION, definitionOf, fittedConversions, fittedModels, versionHash } from './versions.ts';

/** All that versions are kept in. */
const KEPT: readonly TableDefinition[] = [...FITTED_TABLES, VISIT_COEFFICIENTS];
const NOTHING: Change = { inserted: 0, updated: 0, deleted: 0 };

/**
 * paths → model_versions, channel_effects, applied_versions. Fits each learned model once for every month that ended at
 * least 7 days ago; what was fitted stays, whatever arrives later, but for a refit that was asked for or a model with other
 * options. The conversions of months that are credited by another version than before are touched, so that attribution
 * makes their credits anew: touched before the version is noted as applied, so that a run that is killed touches them again.
 */
export const models: Step = async (context) => {
  const { warehouse, config, now } = context;
  const fitted = fittedModels(config);
  if (fitted.length === 0) {
    await emptyHeld(warehouse, KEPT, 'models: versions of no model');
    await dropUnusedTrees(warehouse);
    return { changes: {}, warnings: [] };
  }
  const { timeZone } = config.project;
  const current = monthOf(localDate(now, timeZone));
  const [stored, calendar] = [await storedVersions(warehouse), await monthsOfData(context)];
  const names = fittedConversions(config).map(({ name }) => name);
  const removed = await removeUndefined(context, stored, fitted, names);
  const counts: Counts = { model_versions: removed, channel_effects: NOTHING };
  const warnings: string[] = [];
  const rows: AppliedRow[] = [];
  for (const model of fitted) {
    const pairs = names.map((conversion) => {
      const own = new Map(
        stored.filter((one) => one.model === model.name && one.conversion_name === conversion).map((one) => [one.month, one]),
      );
      return { conversion, own, first: calendar.first(conversion), definition: definitionOf(config, model, conversion) };
    });
    const wanted = pairs.flatMap(({ conversion, own, first, definition }) =>
      (first === undefined ? [] : monthsBetween(first, current))
        .filter((month) => isSettled(month, now, timeZone))
        .filter(
          (month) => own.get(month)?.definition_hash !== definition || (context.refit !== undefined && month >= monthOf(context.refit)),
        )
        .map((month) => ({ conversion, month })),
    );
    const versions = wanted.length === 0 ? [] : await fit(context, model, wanted);
    for (const [conversion, own] of Map.groupBy(versions, (one) => one.conversion)) await store(context, model, conversion, own, counts);
    warnings.push(...tooLittle(model, versions));
    for (const { conversion, own, first } of pairs) {
      const known = new Map([...own].map(([month, one]) => [month, one.version_hash]));
      for (const one of versions) if (one.conversion === conversion) known.set(one.version.month, versionHash(one.version));
      const timeline = { first, current, conversionMonths: calendar.months(conversion), versions: known };
      for (const applied of appliedVersions(timeline, now, timeZone))
        rows.push({ model: model.name, conversion_name: conversion, ...applied });
    }
  }
  const applied = await apply(context, rows);
  await dropUnusedTrees(warehouse);
  return { changes: { ...counts, applied_versions: applied }, warnings };
};

type Counts = Record<'model_versions' | 'channel_effects', Change>;

interface StoredVersion {
  readonly model: string;
  readonly conversion_name: string;
  readonly month: string;
  readonly definition_hash: string;
  readonly version_hash: string;
}

function storedVersions(warehouse: Warehouse): Promise<StoredVersion[]> {
  return warehouse.rows<StoredVersion>(
    sql`
      select model, conversion_name, month, definition_hash, version_hash
      from ${table(MODEL_VERSIONS.name)}
      order by model nulls first, conversion_name nulls first, month nulls first`,
    'models: versions',
  );
}

/**
 * In which months there are conversions, and the first of them that is not before all sessions. A day in UTC lies in two
 * months at most, those of its first and its last conversion: few instants are looked up in the time zone.
 */
async function monthsOfData({ warehouse, config }: StepContext) {
  const { dialect } = warehouse;
  const monthIn = (time: string) => dialect.dateTrunc(dialect.localDate(raw(time), config.project.timeZone), 'MONTH');
  const rows = await warehouse.rows<{ conversion_name: string; month: string; first_session: string | null }>(
    sql`
      with days as (
        select conversion_name, date(attribution_time) as day, min(attribution_time) as first_at, max(attribution_time) as last_at
        from ${table(CONVERSIONS.name)}
        group by conversion_name, date(attribution_time)
      ),
      found as (
        select conversion_name, ${monthIn('first_at')} as month from days
        union distinct
        select conversion_name, ${monthIn('last_at')} as month from days
      )
      select found.conversion_name, found.month, began.first_session
      from found
      cross join (select min(start_date) as first_session from ${table(SESSIONS.name)}) as began
      order by found.conversion_name nulls first, found.month nulls first`,
    'models: months of conversions',
  );
  const months = (name: string) => rows.filter((row) => row.conversion_name === name).map(({ month }) => month);
  const began = rows[0]?.first_session ?? undefined;
  const first = (name: string): string | undefined => {
    const [earliest] = months(name);
    return earliest === undefined || began === undefined ? undefined : [earliest, monthOf(began)].toSorted()[1]!;
  };
  return { months, first };
}

/** Removes what a former config left: versions of models and conversions that are not fitted any more. */
async function removeUndefined(
  { warehouse }: StepContext,
  stored: readonly StoredVersion[],
  fitted: readonly FittedModel[],
  conversions: readonly string[],
): Promise<Change> {
  const isKept = (one: StoredVersion) => fitted.some(({ name }) => name === one.model) && conversions.includes(one.conversion_name);
  const gone = stored.filter((one) => !isKept(one));
  if (gone.length === 0) return NOTHING;
  const removed = warehouse.dialect.values(
    'removed',
    { model: 'STRING', conversion_name: 'STRING' },
    [...Map.groupBy(gone, ({ model, conversion_name: name }) => JSON.stringify([model, name])).keys()].map(
      (pair) => JSON.parse(pair) as string[],
    ),
  );
  const deleted = [];
  for (const target of [MODEL_VERSIONS, CHANNEL_EFFECTS, VISIT_COEFFICIENTS]) {
    const keys = sql`
      select ${raw(target.key.map((column) => `stored.${column}`).join(', '))}
      from ${table(target.name)} as stored
      inner join ${removed} on removed.model = stored.model and removed.conversion_name = stored.conversion_name`;
    deleted.push(await warehouse.delete(target, keys, { label: 'models: versions of no model' }));
  }
  return deleted[0]!;
}

/** Writes the versions of one conversion, in place of former ones of their months: effects first, so that no version lacks them. */
async function store(
  { warehouse, config, now }: StepContext,
  model: FittedModel,
  conversion: string,
  fitted: readonly FittedVersion[],
  counts: Counts,
): Promise<void> {
  const { dialect } = warehouse;
  const definition = definitionOf(config, model, conversion);
  const key = { model: model.name, conversion_name: conversion };
  const effects = fitted.flatMap(({ version }) => version.effects.map((effect) => ({ ...key, month: version.month, ...effect })));
  const versions = fitted.map(({ version }) => {
    const { effects: _, ...said } = version;
    return { ...key, fitted_at: now, definition_hash: definition, ...said, version_hash: versionHash(version) };
  });
  const months = sql`${arrayParam(
    fitted.map(({ version }) => version.month),
    'DATE',
  )}`;
  const ofThese = sql`target.model = ${model.name} and target.conversion_name = ${conversion} and ${dialect.isIn(raw('target.month'), months)}`;
  counts.channel_effects = addUp(
    counts.channel_effects,
    await warehouse.merge(CHANNEL_EFFECTS, constants(warehouse, CHANNEL_EFFECTS, effects), {
      deleteUnmatched: ofThese,
      label: `models: effects of ${model.name}`,
    }),
  );
  counts.model_versions = addUp(
    counts.model_versions,
    await warehouse.merge(MODEL_VERSIONS, constants(warehouse, MODEL_VERSIONS, versions), { label: `models: versions of ${model.name}` }),
  );
}

type AppliedRow = Applied & { readonly model: string; readonly conversion_name: string };

/** Notes which versions are applied now, after the conversions that this changes have been touched. */
async function apply({ warehouse, config }: StepContext, rows: readonly AppliedRow[]): Promise<Change> {
  const former = await warehouse.rows<AppliedRow>(
    sql`
      select model, conversion_name, month, version_month, is_provisional, version_hash
      from ${table(APPLIED_VERSIONS.name)}`,
    'models: applied versions',
  );
  const textOf = (row: AppliedRow) =>
    JSON.stringify([row.model, row.conversion_name, row.month, row.version_month, row.is_provisional, row.version_hash]);
  const [before, after] = [new Set(former.map(textOf)), new Set(rows.map(textOf))];
  if (before.size === after.size && [...after].every((row) => before.has(row))) return NOTHING;
  await touch(warehouse, config.project.timeZone, changedMonths(former, rows));
  return warehouse.merge(APPLIED_VERSIONS, constants(warehouse, APPLIED_VERSIONS, rows), {
    deleteUnmatched: true,
    label: 'models: applied versions',
  });
}

/** Conversion and month of all that is credited by another version than before; without a row it was credited by none. */
function changedMonths(former: readonly AppliedRow[], rows: readonly AppliedRow[]): [conversion: string, month: string][] {
  const keyOf = ({ model, conversion_name: name, month }: AppliedRow) => JSON.stringify([model, name, month]);
  const hashes = (list: readonly AppliedRow[]) => new Map(list.map((row) => [keyOf(row), row.version_hash]));
  const [before, after] = [hashes(former), hashes(rows)];
  const changed = [...former, ...rows].filter((row) => {
    const key = keyOf(row);
    return (before.get(key) ?? NO_VERSION) !== (after.get(key) ?? NO_VERSION);
  });
  const months = new Set(changed.map(({ conversion_name: name, month }) => JSON.stringify([name, month])));
  return [...months].toSorted().map((pair) => JSON.parse(pair) as [string, string]);
}

async function touch(warehouse: Warehouse, timeZone: string, months: readonly [conversion: string, month: string][]): Promise<void> {
  if (months.length === 0) return;
  const { dialect } = warehouse;
  const month = dialect.dateTrunc(dialect.localDate(raw('conversions.attribution_time'), timeZone), 'MONTH');
  const keys = sql`
      select conversions.conversion_name, conversions.id
      from ${table(CONVERSIONS.name)} as conversions
      inner join ${dialect.values('changed', { conversion_name: 'STRING', month: 'DATE' }, months)}
        on changed.conversion_name = conversions.conversion_name and changed.month = ${month}`;
  await queue(warehouse, keys, 'models: conversions of changed versions');
}

/** A query of rows that are known here, with the columns of a table. */
function constants(warehouse: Warehouse, { columns }: TableDefinition, rows: readonly object[]) {
  const types = Object.fromEntries(columns.map(({ name, type }) => [name, type]));
  const values = rows.map((row) => columns.map(({ name }) => (row as Record<string, string | number | boolean | null>)[name] ?? null));
  const names = raw(columns.map(({ name }) => `given.${name}`).join(', '));
  return sql`select ${names} from ${warehouse.dialect.values('given', types, values)}`;
}

/** What the reader of the run must know, once per conversion. */
function tooLittle(model: FittedModel, versions: readonly FittedVersion[]): string[] {
  return [...Map.groupBy(versions, ({ conversion }) => conversion)].flatMap(([conversion, all]) => {
    const lacking = all.map(({ version }) => version).filter(({ status }) => status === 'too_little_data');
    const latest = lacking.toSorted((one, other) => (one.month < other.month ? -1 : 1)).at(-1);
    if (latest === undefined) return [];
    const number =
      all.length === 1 ? latest.month.slice(0, 7) : `${lacking.length} of ${all.length} months, the last ${latest.month.slice(0, 7)}`;
    return [`model ${model.name}, conversion ${conversion}, ${number}: ${latest.notice}`];
  });
}

function addUp(one: Change, other: Change): Change {
  return {
    inserted: one.inserted + other.inserted,
    updated: one.updated + other.updated,
    deleted: one.deleted + other.deleted,
  };
}
