import type { PersonChange } from '../../query/identity/changes.ts';
import type { EdgeStep, Explanation, GapStep, Step } from '../../query/identity/explain.ts';
import type { Evidence } from '../../query/identity/evidence.ts';
import type { Hub } from '../../query/identity/hubs.ts';
import type { Refusal } from '../../query/identity/refusals.ts';
import { refusalReasons, signalsCsv } from '../../query/identity/csv.ts';
import type { IdentityStatistics } from '../../query/identity/statistics.ts';
import { toCsv } from './csv.ts';
import { EMPTY, timeFormat } from './format.ts';
import type { Screen } from './report.ts';
import { renderTable, type TableColumn } from './table.ts';
import { terminalText } from './text.ts';

const figure = (value: number): string => value.toLocaleString('en');

/** `1 day`, `2 days`. */
const counted = (count: number, one: string, several = `${one}s`): string => `${figure(count)} ${count === 1 ? one : several}`;

/** One result in its three forms. */
export interface View {
  readonly data: object;
  text(screen: Screen): string;
  csv(): string;
}

/** Why two identifiers are one person, or why they are not, for a terminal. */
export function renderExplanation({ from, to, verdict, steps }: Explanation, timeZone: string): string {
  const [a, b] = [terminalText(from.described), terminalText(to.described)];
  const shared = from.person_ids.find((person) => to.person_ids.includes(person));
  const headline = {
    one_person:
      shared === undefined
        ? `One person: ${a} and ${b}. The site has seen none of its ids, so it is not listed as one.`
        : `One person: ${a} and ${b} belong to ${terminalText(shared)}.`,
    refused: `Not one person: ${a} and ${b}. The shortest chain between them does not hold.`,
    nothing_in_common: `Not one person: ${a} and ${b} have no identifier in common, and no chain of identifiers leads from one to the other.`,
    too_far:
      shared === undefined
        ? `Not one person: ${a} and ${b}. No short chain of identifiers leads from one to the other; what lies further was not searched.`
        : `One person: ${a} and ${b} belong to ${terminalText(shared)}. The chain between them is too long to be searched.`,
  }[verdict];
  const lines = steps.map((step, i) => `\n${i + 1}. ${stepText(step, timeZone)}`);
  return `${headline}\n${lines.join('')}${lines.length > 0 ? '\n' : ''}`;
}

function stepText(step: Step, timeZone: string): string {
  return step.kind === 'edge' ? edgeText(step, timeZone) : gapText(step, timeZone);
}

function edgeText(step: EdgeStep, timeZone: string): string {
  const { time } = timeFormat(timeZone);
  const [first, last] = [time(step.first_seen), time(step.last_seen)];
  const seen = first === last ? `seen ${first}` : `first seen ${first}, last ${last}`;
  return [
    `${step.verdict === 'refused' ? 'REFUSED: ' : ''}${terminalText(step.anonymous_id)} — ${terminalText(`${step.key_name} ${step.key_value}`)}`,
    `${step.tier}, from ${terminalText(originText(step))}; ${seen}`,
    terminalText(evidenceText(step.evidence, time)),
    ...(step.refusal ? [terminalText(refusalText(step.refusal, step))] : []),
  ].join('\n   ');
}

function originText({ key_name: key, origin }: EdgeStep): string {
  if (key === 'email_hash') {
    const words: Readonly<Record<string, string>> = {
      form: 'a form',
      identify: 'an identify call',
      url: 'a link only',
      server: 'a server',
    };
    return words[origin] ?? origin;
  }
  return origin === 'event' ? 'events' : origin;
}

function evidenceText(evidence: Evidence | null, time: (instant: string) => string): string {
  if (evidence === null) return 'the event that told it is not stored any more';
  switch (evidence.kind) {
    case 'event': {
      const what = evidence.event === null ? evidence.type : `${evidence.type} "${evidence.event}"`;
      const where = evidence.page_path === null ? '' : ` on ${evidence.page_path}`;
      return `first told by ${what}${where}, ${time(evidence.occurred_at)}, message ${evidence.message_id}`;
    }
    case 'crm':
      return `first told by the source ${evidence.source}, ${time(evidence.seen_at)}`;
    case 'named_by_other':
      return `${evidence.anonymous_id} named this id as its former one, ${time(evidence.seen_at)}`;
  }
}

/** A refusal in words. */
function refusalText(refusal: Refusal, { key_name: key, origin }: EdgeStep): string {
  const isLink = key === 'email_hash' && origin === 'url';
  switch (refusal.reason) {
    case 'blocked_value':
      return 'refused: the value is blocked, by default or by the config; it says nothing about who somebody is';
    case 'shared_device':
      return `refused: a shared device: it holds ${counted(refusal.email_hashes, 'e-mail hash', 'e-mail hashes')} and ${counted(refusal.user_ids, 'user id')}, more than ${refusal.maximum} of one kind link nobody`;
    case 'shared_key':
      return `refused: ${figure(refusal.anonymous_ids)} anonymous ids hold this ${isLink ? 'address from links only' : 'value'}; more than ${figure(refusal.maximum)} link nobody`;
    case 'conflicting_key': {
      const sides = [
        ...(refusal.of_anonymous_id.length > 0 ? [`at the side of the anonymous id ${refusal.of_anonymous_id.join(', ')}`] : []),
        ...(refusal.of_key.length > 0 ? [`at the side of the ${key} ${refusal.of_key.join(', ')}`] : []),
      ];
      const why =
        isLink && refusal.key_name === 'email_hash'
          ? 'another address was submitted'
          : `the two sides hold different values of ${refusal.key_name}`;
      return `refused: ${[why, ...sides].join('; ')}`;
    }
    case 'size_cap':
      return `refused: it would make a person of more than ${figure(refusal.maximum)} anonymous ids: the two sides have ${figure(refusal.of_anonymous_id)} and ${figure(refusal.of_key)}`;
  }
}

function gapText(gap: GapStep, timeZone: string): string {
  const { time } = timeFormat(timeZone);
  const window = gap.window_days === null ? '' : `; only observations at most ${counted(gap.window_days, 'day')} apart link`;
  return [
    `TOO FAR APART: ${terminalText(`${gap.key_name} ${gap.key_value}`)}`,
    `the same value, but seen until ${time(gap.earlier_last_seen)} before and from ${time(gap.later_first_seen)} after: ${counted(gap.days, 'day')} apart${window}`,
  ].join('\n   ');
}

/** Statistics of the graph; as CSV the signals. */
export function statisticsView(statistics: IdentityStatistics, timeZone: string): View {
  const { day } = timeFormat(timeZone);
  const reasons = refusalReasons(statistics);
  const rows = statistics.signals.map(({ signal, tier, edges_used, anonymous_ids, joins, refused }) => [
    signal,
    tier,
    ...[joins, edges_used, anonymous_ids, ...reasons.map((reason) => refused[reason] ?? 0)].map(figure),
  ]);
  return {
    data: statistics,
    csv: () => signalsCsv(statistics),
    text: ({ width, emphasis }) => {
      const sections = [
        `${figure(statistics.persons)} persons, ${figure(statistics.anonymous_ids)} anonymous ids\n`,
        renderTable({
          columns: columns(['Devices of a person', 'Persons'], 0),
          rows: bucketed(statistics.devices).map(([devices, persons]) => [devices, figure(persons)]),
          width,
          emphasis,
        }),
        renderTable({
          columns: [
            ...columns(['Signal', 'Tier', 'Joins', 'Edges used', 'Anonymous ids'], 1),
            ...reasons.map((reason): TableColumn => ({ header: reason.replaceAll('_', ' '), align: 'right', group: 'Edges refused' })),
          ],
          rows,
          width,
          emphasis,
        }),
      ];
      if (statistics.largest.length > 0) {
        sections.push(
          renderTable({
            columns: [
              { header: 'Largest persons', align: 'left' },
              { header: 'Since', align: 'left' },
              { header: 'Anonymous ids', align: 'right' },
            ],
            rows: statistics.largest.map((row) => [row.person_id, day(row.first_seen), figure(row.anonymous_ids)]),
            width,
            emphasis,
          }),
        );
      }
      return sections.join('\n');
    },
  };
}

/** Columns of words up to the given place, of figures after it. */
function columns(headers: readonly string[], lastWord: number): TableColumn[] {
  return headers.map((header, i) => ({ header, align: i <= lastWord ? 'left' : 'right' }));
}

/** Persons by their devices: one by one up to five, then by tens. */
function bucketed(devices: IdentityStatistics['devices']): [string, number][] {
  const buckets = new Map<string, number>();
  for (const { devices: count, persons } of devices) {
    const bucket = count <= 5 ? String(count) : count <= 10 ? '6–10' : count <= 100 ? '11–100' : 'more than 100';
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + persons);
  }
  return [...buckets];
}

/** Values that most ids hold. */
export function hubsView(rows: readonly Hub[], timeZone: string): View {
  const { time } = timeFormat(timeZone);
  return {
    data: rows,
    csv: () =>
      toCsv(
        ['signal', 'key_value', 'episode_start', 'anonymous_ids', 'used', 'refused', 'reason', 'cap'],
        rows.map((row) => [row.signal, row.key_value, row.episode_start, row.anonymous_ids, row.used, row.refused, row.reason, row.cap]),
      ),
    text: ({ width, emphasis }) =>
      rows.length === 0
        ? 'No value is held by more than one anonymous id by the same signal (email_hash and email_hash_link are two).\n'
        : renderTable({
            columns: [...columns(['Signal', 'Value', 'Episode from', 'Reason of refusal', 'Anonymous ids', 'Used', 'Refused', 'Cap'], 3)],
            rows: rows.map((row) => [
              row.signal,
              row.key_value,
              row.episode_start === null ? EMPTY : time(row.episode_start),
              row.reason?.replaceAll('_', ' ') ?? EMPTY,
              figure(row.anonymous_ids),
              figure(row.used),
              figure(row.refused),
              row.cap === null ? EMPTY : figure(row.cap),
            ]),
            width,
            emphasis,
          }),
  };
}

/** The ledger. */
export function changesView(rows: readonly PersonChange[], timeZone: string): View {
  const { time } = timeFormat(timeZone);
  return {
    data: rows,
    csv: () =>
      toCsv(
        [
          'changed_at',
          'kind',
          'from_person_id',
          'to_person_id',
          'anonymous_ids',
          'key_name',
          'key_value',
          'edge_anonymous_id',
          'edge_first_seen',
        ],
        rows.map((row) => [
          row.changed_at,
          row.kind,
          row.from_person_id,
          row.to_person_id,
          row.anonymous_ids,
          row.key_name,
          row.key_value,
          row.edge_anonymous_id,
          row.edge_first_seen,
        ]),
      ),
    text: ({ width, emphasis }) =>
      rows.length === 0
        ? 'No person has changed.\n'
        : renderTable({
            columns: columns(['Changed', 'Kind', 'From', 'To', 'By', 'Anonymous ids'], 4),
            rows: rows.map((row) => [
              time(row.changed_at),
              row.kind,
              row.from_person_id,
              row.to_person_id,
              row.key_name === null ? EMPTY : `${row.key_name} ${row.key_value ?? ''}`.trimEnd(),
              figure(row.anonymous_ids),
            ]),
            width,
            emphasis,
          }),
  };
}
