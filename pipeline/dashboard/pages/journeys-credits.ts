import { words } from '../../config/words.ts';
import type { Journey, JourneyConversion } from '../../query/journey/types.ts';
import { table, type TableCell } from '../components/table.ts';
import { each, html, type Html, NOTHING } from '../html.ts';
import { type JourneySetting, percent } from './journeys-parts.ts';

/** Tables on a page: of somebody who buys often the latest. */
const MOST = 12;

/** For each conversion the share of every touch, models side by side; the last one is open. */
export function creditTables(setting: JourneySetting, journey: Journey): Html {
  const tables = journey.conversions.flatMap((conversion) => {
    const made = creditTable(setting, journey, conversion);
    return made === undefined ? [] : [{ conversion, made }];
  });
  if (tables.length === 0) return NOTHING;
  const shown = tables.slice(-MOST).toReversed();
  const { figure, time } = setting.context;
  return html`<section class="panel">
    <h2>Credit by model</h2>
    ${each(
      shown,
      ({ conversion: { label, id, value, conversion_time }, made }, i) =>
        html`<details ${i === 0 ? html` open` : NOTHING}>
          <summary>${label} ${id}, ${time.day(conversion_time)}${value === null ? NOTHING : html` · ${figure(value, 'money')}`}</summary>
          ${made}
        </details>`,
    )}
    ${shown.length < tables.length ? html`<p class="note">The latest ${shown.length} of ${tables.length} conversions.</p>` : NOTHING}
  </section>`;
}

interface Line {
  readonly name: Html;
  /** Credit, and its value, by model. */
  readonly credits: ReadonlyMap<string, { readonly credit: number; readonly value: number | null }>;
}

function creditTable(setting: JourneySetting, { sessions }: Journey, conversion: JourneyConversion): Html | undefined {
  const { figure, time, modelLabel, config } = setting.context;
  const { name, id, self_reported, not_attributed, value, label } = conversion;
  const all = { credit: 1, value };
  const lines: Line[] = [
    ...sessions.flatMap((session): Line[] => {
      const own = session.credits.filter((credit) => credit.conversion === name && credit.conversion_id === id);
      if (own.length === 0) return [];
      return [
        {
          name: html`${setting.device(session.anonymous_id)} ${session.channel} <span class="quiet">${time.day(session.started_at)}</span>`,
          credits: new Map(own.map((credit) => [credit.model, credit])),
        },
      ];
    }),
    ...[...Map.groupBy(self_reported, ({ channel }) => channel)].map(([channel, group]): Line => ({
      name: html`Self-reported: ${channel}`,
      credits: new Map(group.map(({ model }) => [model, all])),
    })),
    ...[...Map.groupBy(not_attributed, ({ reason }) => reason)].map(([reason, group]): Line => ({
      name: html`(not attributed): ${words(reason).toLowerCase()}`,
      credits: new Map(group.map(({ model }) => [model, all])),
    })),
  ];
  const models = config.models.filter((model) => lines.some(({ credits }) => credits.has(model)));
  if (models.length === 0) return undefined;
  return table({
    caption: `Who has the credit for ${label} ${id}`,
    columns: [{ key: 'touch', label: 'Touch' }, ...models.map((model) => ({ key: model, label: modelLabel(model) }))],
    rows: lines.map(({ name: line, credits }): TableCell[] => [
      line,
      ...models.map((model): TableCell => {
        const credit = credits.get(model);
        if (credit === undefined) return '';
        return html`${percent(credit.credit)}${credit.value === null ? NOTHING : html` <span class="quiet">${figure(credit.value, 'money', true)}</span>`}`;
      }),
    ]),
  });
}
