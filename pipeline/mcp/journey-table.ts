import { words } from '../config/words.ts';
import { type PublishedConfig, publishedModel } from '../models/reports/publication.ts';
import { figureFormat, timeFormat } from '../query/format.ts';
import type { Device, Journey, Signal } from '../query/journey/types.ts';
import type { JourneyRow } from './journey.ts';
import { inline, markdownTable } from './markdown.ts';

/** Most devices and signals that are told in words. */
const MOST_IN_WORDS = 12;

/** Who it is, in words: the devices, and the identifiers with what they were seen on. */
export function personInWords({ devices, signals }: Journey): string[] {
  return [listed('Devices', devices.map(deviceInWords)), listed('Identifiers', signals.map(signalInWords))];
}

function deviceInWords({ anonymous_id, device_type, browser, os, city, country }: Device): string {
  return `${anonymous_id} (${[device_type, browser, os, city, country].filter(Boolean).join(', ') || 'nothing known'})`;
}

function signalInWords({ key_name, shown_value, joins, seen }: Signal): string {
  const where = seen.map(({ anonymous_id, origin, verdict, reason }) => {
    const why = reason === null ? verdict : `${verdict}, ${reason},`;
    return `${why} on ${anonymous_id} (${origin})`;
  });
  return `${key_name} ${shown_value}${joins ? ', joins' : ''}: ${where.join('; ')}`;
}

function listed(what: string, lines: readonly string[]): string {
  if (lines.length === 0) return '';
  const more = lines.length > MOST_IN_WORDS ? [`- and ${lines.length - MOST_IN_WORDS} more`] : [];
  return [`${what}:`, ...lines.slice(0, MOST_IN_WORDS).map((line) => `- ${inline(line)}`), ...more].join('\n');
}

/** What happened, in the order of time; credits only of conversions that have their own. */
export function rowsTable(rows: readonly JourneyRow[], { conversions }: Journey, config: PublishedConfig): string {
  const { project } = config;
  const labelOf = (model: string) => publishedModel(config, model).label;
  const figure = figureFormat(project.currency);
  const { time } = timeFormat(project.timeZone);
  const own = new Set(conversions.filter((one) => one.inherited_from === null).map(({ name, id }) => `${name}/${id}`));
  return markdownTable(
    ['Time', 'What', 'Where', 'Credits'].map((label) => ({ label, text: true })),
    rows.map((row) => {
      switch (row.kind) {
        case 'session':
          return [
            time(row.at),
            `visit, ${row.channel}`,
            together(row.source, row.medium, row.campaign, row.landing_path),
            creditsInWords(row.credits, own, figure, labelOf),
          ];
        case 'conversion':
          return [
            time(row.at),
            `${row.label} ${row.id}`,
            together(
              row.follows && `${row.follows.days} days after ${row.follows.label}`,
              row.value === null ? null : figure(row.value, 'money'),
            ),
            together(
              row.inherited_from && `has the credits of ${row.inherited_from.name}/${row.inherited_from.id}`,
              ...row.self_reported.map(({ model, channel }) => `self-reported: ${channel} (${labelOf(model)})`),
              ...row.not_attributed.map(({ model, reason }) => `not attributed: ${words(reason).toLowerCase()} (${labelOf(model)})`),
            ),
          ];
        case 'pending_event':
          return [
            time(row.at),
            `not yet processed: ${row.event ?? row.type}`,
            together(row.page_path, row.utm_source, row.utm_campaign),
            '',
          ];
      }
    }),
  );
}

const together = (...parts: readonly (string | null)[]): string => parts.filter(Boolean).join(' · ');

type Credits = Extract<JourneyRow, { kind: 'session' }>['credits'];

/** By conversion and share the models: `lead/L1: 100.0% First click, Linear`. @param own conversions whose credits are not of another. */
function creditsInWords(
  credits: Credits,
  own: ReadonlySet<string>,
  figure: ReturnType<typeof figureFormat>,
  labelOf: (model: string) => string,
): string {
  const byConversion = Map.groupBy(credits, ({ conversion, conversion_id }) => `${conversion}/${conversion_id}`);
  return [...byConversion]
    .filter(([conversion]) => own.has(conversion))
    .map(([conversion, all]) => {
      const byShare = Map.groupBy(all, ({ credit }) => figure(credit, 'percent'));
      return `${conversion}: ${[...byShare].map(([share, alike]) => `${share} ${alike.map(({ model }) => labelOf(model)).join(', ')}`).join('; ')}`;
    })
    .join('; ');
}
