import type { AttributionModel } from '../../config/attribution.ts';
import type { Dialect } from '../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../warehouse/sql.ts';
import { FULL, closedSteps } from './closed.ts';
import { Steps, as } from './steps.ts';
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
 * to the least session id (Hamilton's method). Values are divided by what is credited so far: see {@link valueOf}.
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
  const ofModel = (whole: (suffix: string) => Sql, shared: string) =>
    pick(({ suffix, rule }) => (rule.kind === 'whole' ? whole(suffix) : raw(`${shared}_${suffix}`)));
  return sql`${steps.ctes()}
    credits as (
      select conversion_name, id, model, session_id, started_at, credit, ${valueOf(dialect)} as value_micros
      from (
        select
          asked.conversion_name, asked.id, models.model, touches.session_id, touches.started_at, touches.value_micros,
          case models.number ${ofModel((suffix) => sql`if(is_${raw(suffix)}, ${FULL}, 0)`, 'credit')} end as credit,
          case models.number ${ofModel(() => FULL, 'credited')} end as credited
        from ${raw(steps.last)} as touches
        inner join asked on asked.conversion_number = touches.conversion_number
        cross join models
      ) as touches
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
  const touch = [...TOUCH_KEY, 'path_length', ...(weights.length > 0 || hasEnds ? ['position'] : [])];
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
  const given = divided.flatMap(({ suffix }) => {
    const [floor, order] = [raw(`floor_${suffix}`), byRemainder(suffix)];
    return [
      as(sql`row_number() over (${order})`, `place_${suffix}`),
      as(sql`cast(sum(${floor}) over (${order} rows between unbounded preceding and current row) as int64)`, `floors_${suffix}`),
      as(sql`${FULL} - cast(sum(${floor}) ${OF_PATH} as int64)`, `left_${suffix}`),
    ];
  });
  steps.add('placed', [...given, ...ends], { keep: divided.length > 0 ? [...TOUCH_KEY, ...steps.made('floor')] : TOUCH_KEY });
  if (divided.length === 0) return steps;
  const credits = divided.flatMap(({ suffix }) => {
    const [place, left] = [raw(`place_${suffix}`), raw(`left_${suffix}`)];
    return [
      as(sql`${raw(`floor_${suffix}`)} + if(${place} <= ${left}, 1, 0)`, `credit_${suffix}`),
      as(sql`${raw(`floors_${suffix}`)} + if(${place} < ${left}, ${place}, ${left})`, `credited_${suffix}`),
    ];
  });
  steps.add('divided', credits, { keep: [...TOUCH_KEY, ...ends.map(({ name }) => name)] });
  return steps;
}

/**
 * The touches of a path with the largest remainders first, of equal ones the least session id. Remainder and rank are sorted as one number;
 * below 1e9 times the length of the path, as remainders are, they leave room for it.
 */
function byRemainder(suffix: string): Sql {
  return raw(`partition by conversion_number order by remainder_${suffix} * (path_length + 1) - id_rank desc nulls last`);
}

/**
 * What a touch has of a value: the part of all that is `credited` up to and with it, less the part of what is without its own `credit`.
 * Parts are rounded down to whole micros, so that those of a path sum to the value, and none lies a micro or more from its exact share.
 * The value may exceed what a product with 1e9 leaves room for, so its thousand millions are multiplied apart.
 */
export function valueOf(dialect: Dialect): Sql {
  const wholes = dialect.intDiv(raw('abs(value_micros)'), FULL);
  const rest = sql`(abs(value_micros) - ${wholes} * ${FULL})`;
  const part = (credited: Sql): Sql => dialect.intDiv(sql`${rest} * ${credited}`, FULL);
  return sql`if(value_micros < 0, -1, 1) * (
          ${wholes} * credit + ${part(raw('credited'))} - ${part(raw('(credited - credit)'))}
        )`;
}
