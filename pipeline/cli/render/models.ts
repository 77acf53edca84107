import type { ChannelEffect } from '../../query/models/effects.ts';
import type { ListedModel } from '../../query/models/list.ts';
import type { VersionQuality } from '../../query/models/quality.ts';
import { effectsTable, modelsTable, type QualityPart, qualityTable } from '../../query/models/flat.ts';
import { EMPTY } from './format.ts';
import { noteLines } from './labels.ts';
import { renderTable, type TableColumn } from './table.ts';
import type { TableView } from './view.ts';

const left = (header: string): TableColumn => ({ header, align: 'left' });
const right = (header: string): TableColumn => ({ header, align: 'right' });
const whole = (value: number): string => value.toLocaleString('en');
const digits = (value: number | null, places: number): string => (value === null ? EMPTY : value.toFixed(places));
const percent = (value: number): string => `${(value * 100).toFixed(1)}%`;

/** The models with their windows; those that are learned with what their latest version learned from. */
export function modelsView(models: readonly ListedModel[]): TableView {
  return {
    data: { models },
    table: () => modelsTable(models),
    text: ({ width, emphasis }) => {
      const table = renderTable({
        columns: [
          left('Model'),
          left('Name'),
          left('Type'),
          right('Days'),
          left('Conversion'),
          left('Latest version'),
          right('Conversions'),
          right('Paths'),
        ],
        rows: models.flatMap(textRows),
        width,
        emphasis,
      });
      return `${table}\n${noteLines(models.flatMap(notesOf), emphasis)}`;
    },
  };
}

function textRows(model: ListedModel): string[][] {
  const { name, label, type, lookback_days: days, versions } = model;
  const windows = [...new Set(Object.values(days))].toSorted((one, other) => one - other);
  const range = windows.length > 1 ? `${windows[0]}–${windows.at(-1)}` : String(windows[0] ?? EMPTY);
  const latest = [...Map.groupBy(versions, ({ conversion }) => conversion).values()].map((own) => own.at(-1)!);
  if (latest.length === 0) return [[name, label, type, range, '', model.is_fitted ? 'none yet' : '', '', '']];
  return latest.map((version) => [
    name,
    label,
    type,
    String(days[version.conversion] ?? range),
    version.conversion,
    version.status === 'fitted' ? version.month : `${version.month}, too little data`,
    whole(version.conversions),
    whole(version.paths),
  ]);
}

function notesOf({ name, provisional, versions }: ListedModel): string[] {
  const isLearned = (conversion: string, version: string | null) =>
    versions.some((one) => one.conversion === conversion && one.month === version && one.status === 'fitted');
  const alike = Map.groupBy(provisional, ({ conversion, month, version_month: version }) =>
    JSON.stringify([month, version, isLearned(conversion, version)]),
  );
  return [...alike.values()].map((same) => {
    const { conversion, month, version_month: version } = same[0]!;
    const which = `${name}, ${month} (${same.map(({ conversion }) => conversion).join(', ')})`;
    return version === null
      ? `${which}: no version yet; the last significant click is credited`
      : isLearned(conversion, version)
        ? `${which}: provisional, credited by the version of ${version}`
        : `${which}: provisional; the version of ${version} had too little data, and the last significant click is credited`;
  });
}

/** What versions say of channels. */
export function effectsView(effects: readonly ChannelEffect[]): TableView {
  const isSampled = effects.some(({ error }) => error !== null);
  return {
    data: { effects },
    table: () => effectsTable(effects),
    text: ({ width, emphasis }) => {
      if (effects.length === 0) return '';
      const table = renderTable({
        columns: [
          left('Model'),
          left('Conversion'),
          left('Month'),
          left('Channel'),
          right('Effect'),
          right('Share'),
          ...(isSampled ? [right('± error')] : []),
        ],
        rows: effects.map(({ model, conversion, month, channel, effect, share, error }) => [
          model,
          conversion,
          month,
          channel,
          digits(effect, 6),
          percent(share),
          ...(isSampled ? [digits(error, 6)] : []),
        ]),
        width,
        emphasis,
      });
      const notes = [
        'Effect of a Markov model: the part of all conversions that is lost without the channel. Of Shapley values of the rate: the conversions per path that it adds.',
        'Share: the part of all effects above 0, by which credits are divided among the channels of a path.',
      ];
      return `${table}\n${noteLines(notes, emphasis)}`;
    },
  };
}

/** How well versions fit; calibration and feature weights below the table. @param part of it that files hold. */
export function qualityView(versions: readonly VersionQuality[], part?: QualityPart): TableView {
  return {
    data: { versions },
    table: () => qualityTable(versions, part),
    text: ({ width, emphasis }) => {
      if (versions.length === 0) return '';
      const table = renderTable({
        columns: [
          left('Model'),
          left('Conversion'),
          left('Month'),
          right('AUC'),
          right('Log loss'),
          right('Base'),
          right('Held-out visits'),
          left('Note'),
        ],
        rows: versions.map((row) => [
          row.model,
          row.conversion,
          row.month,
          digits(row.auc, 3),
          digits(row.log_loss, 4),
          digits(row.base_log_loss, 4),
          row.held_out_visits === null ? EMPTY : whole(row.held_out_visits),
          row.notice ?? (row.greatest_error === null ? '' : `sampled; largest standard error ${digits(row.greatest_error, 6)}`),
        ]),
        width,
        emphasis,
      });
      const details = versions.flatMap((row) => (row.weights === null && row.importance === null ? [] : [detailsOf(row, width)]));
      const notes = [
        'AUC and log loss are of persons that the version has not learned from: guesses have an AUC of 0.5; Base is the log loss of one chance for all.',
      ];
      return [`${table}\n${noteLines(notes, emphasis)}`, ...details].join('\n');
    },
  };
}

function detailsOf({ model, conversion, month, calibration, weights, importance }: VersionQuality, width: number): string {
  const title = `${model}, ${conversion}, ${month}`;
  const calibrated = renderTable({
    columns: [right('Visits'), right('Predicted'), right('Converted')],
    rows: (calibration ?? []).map(({ visits, predicted, converted }) => [whole(visits), percent(predicted), percent(converted)]),
    width,
  });
  const told = `${title}: calibration, from the least likely tenth of visits to the likeliest\n${calibrated}`;
  if (importance !== null) {
    const looked = renderTable({
      columns: [left('What is known of a visit'), right('Share of the gain'), right('Splits')],
      rows: importance.map(({ says, share, splits }) => [says, percent(share), whole(splits)]),
      width,
    });
    return `${told}\n${title}: what the trees look at\n${looked}`;
  }
  const weighed = renderTable({
    columns: [left('What is known of a visit'), right('Weight'), right('Visits'), right('Converted')],
    rows: (weights ?? []).map(({ says, coefficient, visits, converted }) => [
      says,
      digits(coefficient, 3),
      whole(visits),
      whole(converted),
    ]),
    width,
  });
  return `${told}\n${title}: weights\n${weighed}`;
}
