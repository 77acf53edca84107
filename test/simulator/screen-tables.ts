/** The truth as the demo's tables print it: text of every cell, worked out without the pipeline. */
import { MODELS, NOT_ATTRIBUTED, STAGES, type Model, type Stage, type Truth } from './truth.ts';
import { conversionsByChannel, costByChannel, funnels, roasByChannel, type Sum } from './truth-tables.ts';

/** Cells by channel, in the order of the columns. */
export type Cells = Readonly<Record<string, readonly string[]>>;

export const hasValue = (stage: Stage): boolean => stage === 'opportunity' || stage === 'closed_won';

const NOTHING: Sum = { conversions: 0, valueCents: 0 };
const count = (value: number) => value.toLocaleString('en');
const money = (cents: number) => `€${Math.round(cents / 100).toLocaleString('en')}`;

const stageCells = (stage: Stage, { conversions, valueCents }: Sum, placeCell: string) => [
  count(conversions),
  placeCell,
  ...(hasValue(stage) ? [money(valueCents)] : []),
];

/** Per stage the count, the place among the channels (with an arrow where it moved), and the value where there is one. */
export function funnelCells(truth: Truth, model: Model): { rows: Cells; total: string[] } {
  const table = funnels(truth)[model];
  const channels = new Set(STAGES.flatMap((stage) => [...table[stage].keys()]));
  const at = (stage: Stage, channel: string) => table[stage].get(channel) ?? NOTHING;
  const weight = (stage: Stage, channel: string) => (hasValue(stage) ? at(stage, channel).valueCents : at(stage, channel).conversions);
  const competes = (stage: Stage, channel: string) => channel !== NOT_ATTRIBUTED && at(stage, channel).conversions > 0;
  const place = (stage: Stage, channel: string) =>
    competes(stage, channel)
      ? 1 + [...channels].filter((other) => competes(stage, other) && weight(stage, other) > weight(stage, channel)).length
      : undefined;
  const placeCell = (index: number, channel: string) => {
    const now = place(STAGES[index]!, channel);
    const before = index === 0 ? undefined : place(STAGES[index - 1]!, channel);
    if (now === undefined) return '';
    return `${now}${before === undefined || before === now ? '' : now < before ? '▲' : '▼'}`;
  };
  const sums = STAGES.map((stage) => {
    const own = truth.conversions.filter((conversion) => conversion.stage === stage);
    return { conversions: own.length, valueCents: own.reduce((sum, { valueCents }) => sum + (valueCents ?? 0), 0) };
  });
  return {
    rows: Object.fromEntries(
      [...channels].map((channel) => [
        channel,
        STAGES.flatMap((stage, index) => stageCells(stage, at(stage, channel), placeCell(index, channel))),
      ]),
    ),
    total: sums.flatMap((sum, index) => stageCells(STAGES[index]!, sum, '')),
  };
}

/** Cost, and per model closed deals, their value and ROAS; a channel without cost has neither cost nor ROAS. */
export function closedRevenueCells(truth: Truth, models: readonly Model[] = MODELS): { rows: Cells; total: string[] } {
  const costs = costByChannel(truth);
  const byModel = models.map((model) => ({
    revenue: conversionsByChannel(truth, 'closed_won', model),
    roas: roasByChannel(truth, model),
  }));
  const channels = new Set([...costs.keys(), ...byModel.flatMap(({ revenue }) => [...revenue.keys()])]);
  const row = (channel: string) => {
    const cost = costs.get(channel);
    const figures = byModel.flatMap(({ revenue, roas }) => {
      const { conversions, valueCents } = revenue.get(channel) ?? NOTHING;
      return [count(conversions), money(valueCents), roas.get(channel)?.toFixed(2) ?? '—'];
    });
    return [cost === undefined ? '—' : money(cost), ...figures];
  };
  const won = truth.conversions.filter(({ stage }) => stage === 'closed_won');
  const value = won.reduce((sum, { valueCents }) => sum + (valueCents ?? 0), 0);
  const cost = truth.costs.reduce((sum, { cents }) => sum + cents, 0);
  return {
    rows: Object.fromEntries([...channels].map((channel) => [channel, row(channel)])),
    total: [money(cost), ...models.flatMap(() => [count(won.length), money(value), (value / cost).toFixed(2)])],
  };
}
