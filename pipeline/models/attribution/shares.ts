import type { AttributionModel } from '../../config/attribution.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';
import { FULL, closedSteps } from './closed.ts';
import { type Computed, Steps, as } from './steps.ts';
import { type CreditRule, creditRule, weighedPart } from './rules.ts';
import { creditColumn, valueColumn } from './tables.ts';

interface ModelRule {
  readonly name: string;
  /** Of the columns that belong to it on the way. */
  readonly suffix: string;
  readonly rule: CreditRule;
}
type OfKind<Kind extends CreditRule['kind']> = Omit<ModelRule, 'rule'> & { readonly rule: Extract<CreditRule, { kind: Kind }> };

/** What a touch is known by within a group of models. */
const TOUCH_KEY: readonly string[] = ['conversion_number', 'id_rank'];
/** What is carried of a touch until its credits are known. */
const TOUCH = [...TOUCH_KEY, 'session_id', 'started_at', 'path_length', 'position'];
const OF_PATH = raw('over (partition by conversion_number)');

/**
 * CTEs from `asked` and `paths` to `credits`: one row (conversion_name, id, session_id, started_at) per touch that any model
 * credits, with credit and value by each of them, as {@link CreditTables} names the columns. Touches are gone through once however
 * many models there are; what whole division leaves over goes, one unit each, to the largest remainders, of equal ones
 * to the least session id (Hamilton's method). Values are divided by what is credited so far: see {@link valueOf}.
 * @param columns those of `paths`.
 * @param counts whether a path is credited at all, a condition over `paths`.
 */
export function creditsOfPaths(dialect: Dialect, models: readonly AttributionModel[], columns: readonly string[], counts: Sql): Sql {
  const all: ModelRule[] = models.map((model, i) => ({ name: model.name, suffix: String(i + 1), rule: creditRule(dialect, model) }));
  const of = <Kind extends CreditRule['kind']>(kind: Kind) => all.filter(({ rule }) => rule.kind === kind) as OfKind<Kind>[];
  const [wholes, closed, fractions, weights] = [of('whole'), of('closed'), of('fractions'), of('weights')];
  const divided = [...fractions, ...weights];
  const hasEnds = closed.some(({ rule }) => rule.shares.ends !== undefined);
  const parts = divided.length > 0 || hasEnds ? dividedParts(dialect, { fractions, weights, hasEnds }, columns, counts) : undefined;
  const steps = new Steps('paths', parts?.ctes());
  const made = parts?.columns.filter((name) => !TOUCH_KEY.includes(name)) ?? [];
  steps.add(
    'touched',
    wholes.map(({ suffix, rule }) => as(rule.condition, `is_${suffix}`)),
    {
      keep: [...TOUCH.map((name) => `paths.${name}`), ...made],
      from: (paths) =>
        parts
          ? sql`${raw(paths)}
      inner join ${raw(parts.last)} as parts on ${raw(TOUCH_KEY.map((name) => `parts.${name} = paths.${name}`).join(' and '))}`
          : raw(paths),
      where: counts,
    },
  );
  if (closed.length > 0) {
    const forms = closed.map(({ suffix, rule }) => closedSteps(dialect, rule.shares, suffix));
    forms[0]!.forEach((_, i) =>
      steps.add(
        `closed_${i + 1}`,
        forms.flatMap((form) => form[i]!),
      ),
    );
  }
  const isCredited = all.map(({ suffix, rule }) => raw(rule.kind === 'whole' ? `is_${suffix}` : `credit_${suffix} > 0`));
  return sql`${steps.ctes()}
    credits as (
      select
        asked.conversion_name, asked.id, touches.session_id, touches.started_at,
        ${join(
          all.flatMap((one) => shown(dialect, one)),
          ',\n        ',
        )}
      from ${raw(steps.last)} as touches
      inner join asked on asked.conversion_number = touches.conversion_number
      where ${join(isCredited, ' or ')}
    ),`;
}

/** What stands of a model in the end. A touch that has all has the whole value, whatever it is. */
function shown(dialect: Dialect, { name, suffix, rule }: ModelRule): Sql[] {
  const value = raw('asked.value_micros');
  const [credit, part] = [raw(creditColumn(name)), raw(valueColumn(name))];
  if (rule.kind === 'whole') {
    const has = raw(`is_${suffix}`);
    return [sql`if(${has}, ${FULL}, null) as ${credit}`, sql`if(${has}, ${value}, null) as ${part}`];
  }
  const has = raw(`credit_${suffix}`);
  return [
    sql`nullif(${has}, 0) as ${credit}`,
    sql`if(${has} > 0, ${valueOf(dialect, { value, credit: has, credited: raw(`credited_${suffix}`) })}, null) as ${part}`,
  ];
}

interface Divided {
  readonly fractions: readonly OfKind<'fractions'>[];
  readonly weights: readonly OfKind<'weights'>[];
  /** Whether the places of the first and the last touch among the session ids are asked for. */
  readonly hasEnds: boolean;
}

/**
 * From `paths` to what models whose remainders must be sorted credit, each touch and so far, by {@link TOUCH_KEY}. Apart from the rest of
 * the touch, because each sort moves all that is carried along, and most of it is text.
 */
function dividedParts(dialect: Dialect, { fractions, weights, hasEnds }: Divided, columns: readonly string[], counts: Sql): Steps {
  const divided = [...fractions, ...weights];
  const steps = new Steps('paths');
  weights.forEach(({ suffix, rule }) => {
    steps.add(`weighted_${suffix}`, [as(sql`coalesce(${rule.weight}, 0)`, `weight_${suffix}`)], {
      keep: [...columns, ...steps.made('weight')].map((name) => `paths.${name}`),
      from: (before) => sql`${raw(before === 'paths' ? 'paths' : `${before} as paths`)}${rule.joins ?? raw('')}`,
    });
  });
  const placed = hasEnds ? [...TOUCH_KEY, 'position', 'path_length'] : TOUCH_KEY;
  const kept = weights.length > 0 ? [...TOUCH_KEY, 'position', 'path_length', 'last_significant'] : placed;
  const shares = fractions.flatMap(({ suffix, rule }) => sortable(suffix, rule));
  steps.add('shared', shares, { keep: [...kept, ...steps.made('weight')], where: counts });
  if (weights.length > 0) {
    const total = ({ suffix }: OfKind<'weights'>) => as(sql`cast(sum(weight_${raw(suffix)}) ${OF_PATH} as int64)`, `total_${suffix}`);
    steps.add('totalled', weights.map(total));
    const weighed = weights.flatMap(({ suffix }) =>
      sortable(suffix, weighedPart(dialect, raw(`weight_${suffix}`), raw(`total_${suffix}`))),
    );
    steps.add('weighed', weighed, { keep: [...placed, ...steps.made('floor'), ...steps.made('order')] });
  }
  const ends = hasEnds
    ? [
        as(sql`max(if(position = 1, id_rank, null)) ${OF_PATH}`, 'first_id_rank'),
        as(sql`max(if(position = path_length, id_rank, null)) ${OF_PATH}`, 'last_id_rank'),
      ]
    : [];
  if (divided.length === 0) steps.add('placed', ends, { keep: TOUCH_KEY });
  divided.forEach(({ suffix }, i) => {
    const later = divided.slice(i + 1).flatMap((one) => [`floor_${one.suffix}`, `order_${one.suffix}`]);
    const carried = [...TOUCH_KEY, ...later, ...steps.made('credit'), ...steps.made('credited')];
    const isFirst = i === 0;
    const known = isFirst ? [] : ends.map(({ name }) => name);
    const [floor, order] = [raw(`floor_${suffix}`), raw(`partition by conversion_number order by order_${suffix} desc nulls last`)];
    steps.add(
      `placed_${suffix}`,
      [
        as(sql`row_number() over (${order})`, 'place'),
        as(sql`cast(sum(${floor}) over (${order} rows between unbounded preceding and current row) as int64)`, 'floors'),
        as(sql`${FULL} - cast(sum(${floor}) ${OF_PATH} as int64)`, 'left_over'),
        ...(isFirst ? ends : []),
      ],
      { keep: [...carried, ...known, `floor_${suffix}`] },
    );
    steps.add(
      `divided_${suffix}`,
      [
        as(sql`${floor} + if(place <= left_over, 1, 0)`, `credit_${suffix}`),
        as(raw('floors + if(place < left_over, place, left_over)'), `credited_${suffix}`),
      ],
      { keep: [...carried, ...ends.map(({ name }) => name)] },
    );
  });
  return steps;
}

/**
 * What is known of a share before the touches of its path are sorted, those with the largest remainders first, of equal ones the least
 * session id. Remainder and rank are sorted as one number; below 1e9 times the length of the path, as remainders are, they leave room for
 * it. One number for each of them and of the floors is all that a sort need carry along.
 */
function sortable(suffix: string, { floor, remainder }: { floor: Sql; remainder: Sql }): Computed[] {
  return [as(floor, `floor_${suffix}`), as(sql`${remainder} * (path_length + 1) - id_rank`, `order_${suffix}`)];
}

/**
 * What a touch has of a value: the part of all that is `credited` up to and with it, less the part of what is without its own `credit`.
 * Parts are rounded down to whole micros, so that those of a path sum to the value, and none lies a micro or more from its exact share.
 * The value may exceed what a product with 1e9 leaves room for, so its thousand millions are multiplied apart.
 */
export function valueOf(dialect: Dialect, { value, credit, credited }: { value: Sql; credit: Sql; credited: Sql }): Sql {
  const wholes = dialect.intDiv(sql`abs(${value})`, FULL);
  const rest = sql`(abs(${value}) - ${wholes} * ${FULL})`;
  const part = (share: Sql): Sql => dialect.intDiv(sql`${rest} * ${share}`, FULL);
  return sql`if(${value} < 0, -1, 1) * (
          ${wholes} * ${credit} + ${part(credited)} - ${part(sql`(${credited} - ${credit})`)}
        )`;
}
