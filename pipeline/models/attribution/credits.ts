import type { AttributionModel } from '../../config/attribution.ts';
import type { Config } from '../../config/schema.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, arrayParam, join, raw, sql, table } from '../../warehouse/sql.ts';
import { CONVERSIONS } from '../conversions/tables.ts';
import { EVENTS } from '../events/tables.ts';
import { IS_PERSON } from '../identity/evidence.ts';
import { type CustomModel, customAnswers, refusedRows } from './custom.ts';
import { type ModelGroup, modelGroups } from './groups.ts';
import { type Pass, inherited, inheritedValues } from './inherited.ts';
import { FULL } from './closed.ts';
import { creditsOfPaths } from './shares.ts';
import { SELF_REPORTED, STAGED_ATTRIBUTED, creditColumn, creditColumns, creditTables, valueColumn } from './tables.ts';
import { ALL_PATH_SESSIONS, STAGED_SESSIONS, pathsOf } from './paths.ts';
import type { PathsOfModels } from './visits/unscored.ts';

/** Which conversions credits are made for. */
export interface CreditScope {
  /**
   * `but`: conversions that have credits of their own, which are those of all other names. `of`: heirs; of these parents
   * are the credits as they are now, a query with the columns of {@link CreditTables.touches}.
   */
  readonly names: { readonly but: readonly string[] } | { readonly of: readonly string[]; readonly parents: Sql };
  /** Only those in staged_attributed, of whose persons the sessions are in staged_path_sessions; default: all. */
  readonly only?: 'staged';
  /** The models of one's own, as {@link customModels} has checked them; default: none. */
  readonly custom?: readonly CustomModel[];
}

/** Columns of a touch, beside the credits. */
const TOUCH_COLUMNS: readonly string[] = [
  'conversion_name',
  'conversion_id',
  'pass',
  'session_id',
  'click_time',
  'reason',
  'channel',
  'inherited_from_name',
  'inherited_from_id',
];
const NO_TEXT = raw('cast(null as string)');
/** Of a conversion, what its credits are made from. */
const ASKED = [
  'conversion_number',
  'conversion_name',
  'id',
  'value_micros',
  'attribution_time',
  'person_id',
  'client_id',
  'user_id',
  'email_hash',
  'ip_key',
  'self_reported_channel',
];

/**
 * Credits of conversions, for every model in one pass over the paths: integers that sum to exactly 1e9, and values that
 * sum to exactly the conversion's. Models that look back differently far have paths, and so passes, of their own. The columns are
 * those of {@link CreditTables.touches}.
 *
 * A conversion whose parent is attributed has the parent's credits, and its own value divided by them. Of the others, one
 * whose person said where they came from is credited to that, as the config says when; one without a path gets one row per
 * model with the reason.
 */
export function creditRows(dialect: Dialect, config: Config, scope: CreditScope): Sql {
  const groups = modelGroups(config);
  const passes = groups.map((group, i) => creditsOfGroup(dialect, config, scope, group, passOf(group, i)));
  if (passes.length === 1) return passes[0]!;
  const { touches } = creditTables(config);
  return join(
    passes.map((rows, i) => {
      const own = new Set([...TOUCH_COLUMNS, ...creditColumns(passOf(groups[i]!, i).models)]);
      const columns = touches.columns.map(({ name }) => (own.has(name) ? name : `cast(null as int64) as ${name}`));
      return sql`
    select ${raw(columns.join(', '))} from (${rows}
    ) as credits`;
    }),
    `
    union all`,
  );
}

const passOf = ({ models }: ModelGroup, i: number): Pass => ({ number: i + 1, models: models.map(({ name }) => name) });

function creditsOfGroup(dialect: Dialect, config: Config, scope: CreditScope, group: ModelGroup, pass: Pass): Sql {
  const { models } = group;
  const hasHeirs = 'of' in scope.names;
  const { ctes, columns } = pathCtes(dialect, config, scope, group, pass);
  const shares = raw(creditColumns(pass.models).join(', '));
  const number = raw(`${pass.number} as pass`);
  const alone = pass.models.map((model) => sql`${FULL} as ${raw(creditColumn(model))}, value_micros as ${raw(valueColumn(model))}`);
  const answer = canAnswer(config) ? raw('asked.self_reported_channel') : NO_TEXT;
  return sql`
    with ${ctes}${customAnswers(customOf(scope, models))}${creditsOfPaths(dialect, models, columns, countsPath(config))}
    reached as (
      select conversion_number from paths where position = 1 and ${countsPath(config)}
    ),${hasHeirs ? inheritedValues(dialect, pass) : raw('')}
    tracking as (
      ${TRACKING_BEGAN}
    ),
    unreached as (
      select ${raw(ASKED.map((name) => `asked.${name}`).join(', '))}
      from ${raw(ownOf(scope))} as asked
      left join reached on reached.conversion_number = asked.conversion_number
      where reached.conversion_number is null
    ),
    without_path as (
      select
        asked.conversion_name,
        asked.id,
        asked.value_micros,
        asked.attribution_time as click_time,
        case
          when ${answer} is not null then '${raw(SELF_REPORTED)}'
          when coalesce(asked.attribution_time < tracking.began_at, true) then 'before_tracking'
          when coalesce(asked.client_id, asked.user_id, asked.email_hash, asked.ip_key) is null then 'no_identifier'
          when asked.person_id is null then 'unknown_identifier'
          else 'no_session_in_window'
        end as reason,
        ${answer} as channel
      from unreached as asked
      cross join tracking
    )
    select
      conversion_name, id as conversion_id, ${number}, session_id, started_at as click_time,
      ${NO_TEXT} as reason, ${NO_TEXT} as channel, ${NO_TEXT} as inherited_from_name, ${NO_TEXT} as inherited_from_id, ${shares}
    from credits
    union all
    select
      conversion_name, id as conversion_id, ${number}, '' as session_id, click_time,
      reason, channel, ${NO_TEXT} as inherited_from_name, ${NO_TEXT} as inherited_from_id, ${join(alone)}
    from without_path${
      hasHeirs
        ? sql`
    union all
    select
      asked.conversion_name, asked.id as conversion_id, ${number}, heirs.session_id, heirs.click_time,
      heirs.reason, heirs.channel, heirs.inherited_from_name, heirs.inherited_from_id, ${shares}
    from inherited_values as heirs
    inner join asked on asked.conversion_number = heirs.conversion_number`
        : raw('')
    }`;
}

/** The CTEs from the conversions that are asked for to `paths`, without `with`, and the columns of `paths`. */
function pathCtes(
  dialect: Dialect,
  config: Config,
  scope: CreditScope,
  group: ModelGroup,
  pass: Pass,
): { ctes: Sql; columns: readonly string[] } {
  const { names, only } = scope;
  const hasHeirs = 'of' in names;
  const named = hasHeirs ? names.of : names.but;
  const isOfName = dialect.isIn(raw('conversions.conversion_name'), sql`${arrayParam(named, 'STRING')}`);
  const isNamed = named.length === 0 ? raw('true') : hasHeirs ? isOfName : sql`not ${isOfName}`;
  const sessions = only === undefined ? ALL_PATH_SESSIONS : STAGED_SESSIONS;
  const paths = pathsOf(dialect, config, group, { name: ownOf(scope), columns: ASKED }, sessions);
  const ctes = sql`asked as (
      select
        row_number() over (order by conversions.conversion_name nulls first, conversions.id nulls first) as conversion_number,
        ${raw([...ASKED.slice(1), 'parent_name', 'parent_id'].map((name) => `conversions.${name}`).join(', '))}
      from ${table(CONVERSIONS.name)} as conversions${
        only === undefined
          ? raw('')
          : sql`
      inner join ${table(STAGED_ATTRIBUTED.name)} as renewed
        on renewed.conversion_name = conversions.conversion_name and renewed.id = conversions.id`
      }
      where ${isNamed}
    ),${hasHeirs ? inherited(names.parents, pass, ASKED) : raw('')}${paths.ctes}`;
  return { ctes, columns: paths.columns };
}

const ownOf = ({ names }: CreditScope): string => ('of' in names ? 'own' : 'asked');

function customOf({ custom = [] }: CreditScope, models: readonly AttributionModel[]): readonly CustomModel[] {
  return models.flatMap(({ name, type }) => {
    if (type !== 'custom') return [];
    const model = custom.find((one) => one.name === name);
    if (model === undefined) throw new Error(`the query of the attribution model "${name}" has not been read`);
    return [model];
  });
}

/** For every model of one's own, the query that finds a row it may not return: see {@link refusedRows}. */
export function customRefusals(
  dialect: Dialect,
  config: Config,
  scope: CreditScope,
): { readonly model: CustomModel; readonly query: Sql }[] {
  return modelGroups(config).flatMap((group, i) => {
    const custom = customOf(scope, group.models);
    return custom.map((model) => ({
      model,
      query: refusedRows(dialect, pathCtes(dialect, config, scope, group, passOf(group, i)).ctes, custom, model),
    }));
  });
}

/** The paths that credits are made of, by the models that go through them together: CTEs up to `paths`, behind `with`. */
export function pathsByModels(dialect: Dialect, config: Config, scope: CreditScope): PathsOfModels[] {
  return modelGroups(config).map((group, i) => ({
    models: group.models,
    ctes: pathCtes(dialect, config, scope, group, passOf(group, i)).ctes,
  }));
}

/** When the site was first seen by a person: query of one row (began_at), NULL where there was no event. */
export const TRACKING_BEGAN = sql`select min(occurred_at) as began_at from ${table(EVENTS.name)} where ${IS_PERSON}`;

/** Whether an answer is ever credited; then it is wherever no path counts. */
const canAnswer = ({ selfReported }: Config): boolean => selfReported.credit !== 'never';

/** Whether a path is credited although its person said where they came from, or where they did not. */
function countsPath({ selfReported }: Config): Sql {
  switch (selfReported.credit) {
    case 'never':
    case 'empty':
      return raw('true');
    case 'direct':
      return raw('(last_significant is not null or not is_answered)');
    case 'always':
      return raw('not is_answered');
  }
}
