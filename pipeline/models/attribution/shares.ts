import type { AttributionModel } from '../../config/attribution.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';
import { FULL, closedSteps } from './closed.ts';
import { type Computed, Steps, as } from './steps.ts';
import { type CreditRule, creditRule, weighedPart } from './rules.ts';

type OfKind<Kind extends CreditRule['kind']> = { readonly suffix: string; readonly rule: Extract<CreditRule, { kind: Kind }> };

/** What a touch is known by within a group of models. */
const TOUCH_KEY: readonly string[] = ['conversion_number', 'id_rank'];
/** What is carried of a touch until its credits are known. */
const TOUCH = [...TOUCH_KEY, 'value_micros', 'session_id', 'started_at', 'path_length', 'position'];
const OF_PATH = raw('over (partition by conversion_number)');

/**
 * CTEs from `asked` and `paths` to `credits`: one row (conversion_name, id, model, session_id, started_at, credit,
 * value_micros) per touch and model that credits it. The names come back before a touch stands once for each model: no text is
 * then copied for every model by itself. The credits of all models stand side by side until the end, so that touches are gone through once
 * however many models there are; what whole division leaves over goes, one unit each, to the largest remainders, of equal ones
 * to the least session id (Hamilton's method). Values are divided by credits in the same way.
 * @param columns those of `paths`.
 * @param counts whether a path is credited at all, a condition over `paths`.
 */
export function creditsOfPaths(dialect: Dialect, models: readonly AttributionModel[], columns: readonly string[], counts: Sql): Sql {
  const all = models.map((model, i) => ({ suffix: String(i + 1), rule: creditRule(dialect, model) }));
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
    const size = dialect.intDiv(raw('abs(value_micros)'), FULL);
    steps.add('sized', [as(size, 'value_wholes'), as(sql`abs(value_micros) - ${size} * ${FULL}`, 'value_rest')]);
    const forms = closed.map(({ suffix, rule }) => closedSteps(dialect, rule.shares, suffix));
    forms[0]!.forEach((_, i) =>
      steps.add(
        `closed_${i + 1}`,
        forms.flatMap((form) => form[i]!),
      ),
    );
  }
  const pick = (what: (one: (typeof all)[number]) => Sql) =>
    join(
      all.map((one) => sql`when ${raw(one.suffix)} then ${what(one)}`),
      ' ',
    );
  const credit = pick(({ suffix, rule }) => (rule.kind === 'whole' ? sql`if(is_${raw(suffix)}, ${FULL}, 0)` : raw(`credit_${suffix}`)));
  return sql`${steps.ctes()}
    credits as (
      select conversion_name, id, model, session_id, started_at, credit, value_micros
      from (
        select
          asked.conversion_name, asked.id, models.model, touches.session_id, touches.started_at,
          case models.number ${credit} end as credit,
          case models.number ${pick(({ suffix, rule }) => raw(rule.kind === 'whole' ? 'touches.value_micros' : `value_${suffix}`))} end as value_micros
        from ${raw(steps.last)} as touches
        inner join asked on asked.conversion_number = touches.conversion_number
        cross join models
      ) as credited
      where credit > 0
    ),`;
}

interface Divided {
  readonly fractions: readonly OfKind<'fractions'>[];
  readonly weights: readonly OfKind<'weights'>[];
  /** Whether the places of the first and the last touch among the session ids are asked for. */
  readonly hasEnds: boolean;
}

/**
 * From `paths` to the credits and values of models whose remainders must be sorted, by {@link TOUCH_KEY}. Apart from the rest of
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
  const valued = [...TOUCH_KEY, 'path_length', ...(divided.length > 0 ? ['value_micros'] : [])];
  const touch = [...valued, ...(weights.length > 0 || hasEnds ? ['position'] : [])];
  const kept = [...touch, ...(weights.length > 0 ? ['last_significant'] : [])];
  const shares = fractions.flatMap(({ suffix, rule }) => [as(rule.floor, `floor_${suffix}`), as(rule.remainder, `remainder_${suffix}`)]);
  steps.add('shared', shares, { keep: [...kept, ...steps.made('weight')], where: counts });
  if (weights.length > 0) {
    const total = ({ suffix }: OfKind<'weights'>) => as(sql`cast(sum(weight_${raw(suffix)}) ${OF_PATH} as int64)`, `total_${suffix}`);
    steps.add('totalled', weights.map(total));
    const weighed = weights.flatMap(({ suffix }) => {
      const { floor, remainder } = weighedPart(dialect, raw(`weight_${suffix}`), raw(`total_${suffix}`));
      return [as(floor, `floor_${suffix}`), as(remainder, `remainder_${suffix}`)];
    });
    steps.add('weighed', weighed, { keep: [...touch, ...steps.made('floor'), ...steps.made('remainder')] });
  }
  const ends = hasEnds
    ? [
        as(sql`max(if(position = 1, id_rank, null)) ${OF_PATH}`, 'first_id_rank'),
        as(sql`max(if(position = path_length, id_rank, null)) ${OF_PATH}`, 'last_id_rank'),
      ]
    : [];
  const credits = divided.map(({ suffix }) => as(withRest(`floor_${suffix}`, `remainder_${suffix}`, FULL), `credit_${suffix}`));
  steps.add('divided', [...credits, ...ends], { keep: divided.length > 0 ? valued : TOUCH_KEY });
  if (divided.length === 0) return steps;
  steps.add(
    'value_parts',
    divided.flatMap(({ suffix }) => valueParts(dialect, `credit_${suffix}`, suffix)),
  );
  const values = divided.map(({ suffix }) => as(dividedValue(suffix), `value_${suffix}`));
  const ranks = hasEnds ? ['first_id_rank', 'last_id_rank'] : [];
  steps.add('valued', values, { keep: [...TOUCH_KEY, ...ranks, ...steps.made('credit')] });
  return steps;
}

/**
 * Floors that sum to a whole less their remainders, with those largest remainders rounded up that the whole asks for. Remainder
 * and rank are sorted as one number; below 1e9 times the length of the path, as remainders are, they leave room for it.
 */
function withRest(floor: string, remainder: string, whole: Sql): Sql {
  return sql`${raw(floor)} + if(
          row_number() over (partition by conversion_number order by ${raw(remainder)} * (path_length + 1) - id_rank desc nulls last)
            <= ${whole} - cast(sum(${raw(floor)}) ${OF_PATH} as int64), 1, 0
        )`;
}

/**
 * The whole micros of a value that a credit has, and what is left of it in parts of 1e9, as columns of the given suffix. The value
 * may exceed what a product with 1e9 leaves room for, so its thousand millions are multiplied apart.
 */
export function valueParts(dialect: Dialect, credit: string, suffix: string): Computed[] {
  const wholes = dialect.intDiv(raw('abs(value_micros)'), FULL);
  const rest = sql`(abs(value_micros) - ${wholes} * ${FULL}) * ${raw(credit)}`;
  return [
    as(sql`${wholes} * ${raw(credit)} + ${dialect.intDiv(rest, FULL)}`, `value_floor_${suffix}`),
    as(sql`mod(${rest}, ${FULL})`, `value_remainder_${suffix}`),
  ];
}

/** What a credit has of the value, from the columns of {@link valueParts}. */
function dividedValue(suffix: string): Sql {
  const size = withRest(`value_floor_${suffix}`, `value_remainder_${suffix}`, raw('abs(value_micros)'));
  return sql`if(value_micros < 0, -1, 1) * (${size})`;
}
