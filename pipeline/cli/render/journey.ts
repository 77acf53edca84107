import type { Device, Journey, JourneyConversion, JourneyCredit, JourneySession, PendingEvent, Signal } from '../../query/journey/types.ts';
import { EMPTY, figureFormat, timeFormat } from './format.ts';
import { words } from './labels.ts';
import type { Screen } from './report.ts';
import { pad, terminalText } from './text.ts';

/** What a journey needs of the project to be written; without a publication there is none yet. */
export interface JourneyProject {
  readonly name: string;
  readonly timeZone: string;
  readonly currency: string;
  /** Names of the conversions, by their name in the config. */
  readonly labels: Readonly<Record<string, string>>;
}

const INDENT = '  ';
/** "Wed 14 Mar 2026 14:05" */
const TIME_WIDTH = 21;
/** Where the words of a line of the journey begin. */
const DETAIL = INDENT.length + TIME_WIDTH + 2;

/** A journey for a terminal: who, what joined their devices, and everything in order of time. */
export function renderJourney(journey: Journey, project: JourneyProject | undefined, { emphasis }: Pick<Screen, 'emphasis'>): string {
  const context = contextOf(journey, project);
  const { time, name } = context;
  const heading = [
    counted(journey.devices.length, 'device'),
    counted(journey.sessions.length, 'session'),
    counted(journey.conversions.length, 'conversion'),
  ];
  if (journey.pending.length) heading.push(`${counted(journey.pending.length, 'event')} not yet processed`);
  const facts = [context.zone, journey.publication ? `published ${time.time(journey.publication.published_at)}` : 'no publication yet'];

  const sections: [title: string, lines: string[]][] = [
    ['Devices', journey.devices.map((device) => deviceLine(device, context))],
    ['Joined by', journey.signals.filter(({ joins }) => joins).flatMap((signal) => signalLines(signal, context))],
    ['Other identifiers', journey.signals.filter(({ joins }) => !joins).flatMap((signal) => signalLines(signal, context))],
    ['Journey', timeline(journey, context)],
    ['Landed, not yet processed', journey.pending.map((event) => pendingLine(event, context))],
  ];
  const person = journey.person_ids.length
    ? `person ${journey.person_ids.join(' + ')}`
    : journey.devices.length
      ? 'somebody new'
      : 'nobody known';
  return [
    emphasis.bold(terminalText(`${name ? `${name} · ` : ''}Journey of ${person}`)),
    emphasis.dim(terminalText(`found by ${journey.selector} · ${heading.join(', ')}`)),
    emphasis.dim(terminalText(facts.join(' · '))),
    ...sections.flatMap(([title, lines]) => (lines.length ? ['', emphasis.bold(title), ...lines.map((line) => terminalText(line))] : [])),
    ...(journey.pending.length
      ? ['', emphasis.dim('The next `touchtrail run` processes what has landed; who belongs to whom is decided there.')]
      : []),
  ]
    .map((line) => line + '\n')
    .join('');
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

interface Context {
  readonly name: string | undefined;
  readonly zone: string;
  readonly time: ReturnType<typeof timeFormat>;
  readonly money: (value: number | null) => string;
  readonly label: (conversion: string) => string;
  /** A short name for a browser: D1, D2 … by first seen. */
  readonly device: (anonymousId: string | null) => string;
}

function contextOf(journey: Journey, project: JourneyProject | undefined): Context {
  const zone = project?.timeZone ?? 'UTC';
  const figure = project ? figureFormat(project.currency) : undefined;
  const numbers = new Map(journey.devices.map(({ anonymous_id }, i) => [anonymous_id, `D${i + 1}`]));
  return {
    name: project?.name,
    zone,
    time: timeFormat(zone),
    money: (value) => (figure ? figure(value, 'money') : EMPTY),
    label: (conversion) => project?.labels[conversion] ?? words(conversion),
    device: (anonymousId) => (anonymousId === null ? 'server' : (numbers.get(anonymousId) ?? 'other')),
  };
}

function deviceLine(device: Device, { time, device: number }: Context): string {
  const what = [device.browser, device.os && `on ${device.os}`].filter(Boolean).join(' ') || 'unknown browser';
  const where = [device.city, device.country].filter(Boolean).join(', ');
  const first = time.day(device.first_seen);
  const last = time.day(device.last_seen);
  const facts = [
    [what, device.device_type, where].filter(Boolean).join(', '),
    first === last ? first : `${first} – ${last}`,
    device.sessions ? counted(device.sessions, 'session') : undefined,
    device.pending_events ? `${counted(device.pending_events, 'event')} not yet processed` : undefined,
    `anonymous_id ${device.anonymous_id}`,
  ];
  return `${INDENT}${pad(number(device.anonymous_id), 3, 'left')} ${facts.filter(Boolean).join(' · ')}`;
}

/** One line for the identifier, one for each browser it was seen on. */
function signalLines({ key_name, shown_value, seen }: Signal, { time, device }: Context): string[] {
  return [
    `${INDENT}${key_name} ${shown_value}`,
    ...seen.map(({ anonymous_id, tier, origin, first_seen, verdict, reason }) => {
      const note =
        verdict === 'used'
          ? ''
          : verdict === 'pending'
            ? ' · not yet processed'
            : ` · refused: ${words(reason ?? 'unknown').toLowerCase()}`;
      return `${INDENT}${INDENT}${pad(device(anonymous_id), 3, 'left')} ${time.day(first_seen)} · ${origin}${tier ? ` · ${tier}` : ''}${note}`;
    }),
  ];
}

/**
 * Sessions and conversions in one order of time; at the same instant the session comes first, it led there. So it does
 * in the same second, where a CRM knows no parts of one.
 */
function timeline(journey: Journey, context: Context): string[] {
  const entries = [
    ...journey.sessions.map((session) => ({ at: session.started_at, order: 0, lines: sessionLines(session, context) })),
    ...journey.conversions.map((conversion) => ({
      at: conversion.conversion_time.replace(/\.000000Z$/, '.999999Z'),
      order: 1,
      lines: conversionLines(conversion, context),
    })),
  ];
  return entries.toSorted((a, b) => (a.at === b.at ? a.order - b.order : a.at < b.at ? -1 : 1)).flatMap(({ lines }) => lines);
}

function sessionLines(session: JourneySession, context: Context): string[] {
  const { source, medium, campaign, landing_path, page_views } = session;
  const from = `${source} / ${medium}${campaign === null ? '' : ` · ${campaign}`}`;
  const facts = [session.channel, from, landing_path ?? '', counted(page_views, 'page')].filter(Boolean).join(' · ');
  const head = `${INDENT}${pad(context.time.time(session.started_at), TIME_WIDTH, 'right')}  ${pad(context.device(session.anonymous_id), 3, 'left')} ${facts}`;
  return [head, ...creditLines(session.credits, context)];
}

/** How long a line of credits may be before it is folded. */
const CREDIT_WIDTH = 120;

/**
 * The credits of a session by conversion, the largest share first; models that give the same share stand together, and so do
 * conversions that are credited alike, as those are that inherit.
 */
function creditLines(credits: readonly JourneyCredit[], { label, money }: Context): string[] {
  const byConversion = Map.groupBy(credits, ({ conversion, conversion_id }) => JSON.stringify([conversion, conversion_id]));
  const credited = [...byConversion.values()].map((group) => {
    const { conversion, conversion_id } = group[0]!;
    return { name: `${label(conversion)} ${conversion_id}`, shares: creditShares(group, money) };
  });
  const indent = ' '.repeat(DETAIL + 4);
  return [...Map.groupBy(credited, ({ shares }) => shares.join('; ')).values()].flatMap((alike) =>
    folded(`→ credit for ${alike.map(({ name }) => name).join(', ')}: `, alike[0]!.shares).map((line) => indent + line),
  );
}

/** The models that credit a session with a conversion, by their share. */
function creditShares(group: readonly JourneyCredit[], money: Context['money']): string[] {
  const byShare = Map.groupBy(
    group.toSorted((a, b) => b.credit - a.credit),
    ({ credit, value }) => (credit === 1 ? '' : ` ${(credit * 100).toFixed(1)}%${value === null ? '' : ` (${money(value)})`}`),
  );
  return [...byShare].map(([share, models]) => `${models.map(({ model }) => words(model).toLowerCase()).join(', ')}${share}`);
}

/** Parts behind a heading, separated by semicolons; a part that does not fit begins a new line. */
function folded(heading: string, parts: readonly string[]): string[] {
  const lines = [heading];
  parts.forEach((part, i) => {
    const text = i < parts.length - 1 ? `${part};` : part;
    const current = lines.at(-1)!;
    if (i === 0 || current.length + text.length < CREDIT_WIDTH) lines[lines.length - 1] = i === 0 ? current + text : `${current} ${text}`;
    else lines.push(`    ${text}`);
  });
  return lines;
}

function conversionLines(conversion: JourneyConversion, { time, money }: Context): string[] {
  const { label, id, value, conversion_time, attribution_time, is_qualified, follows, matched_by } = conversion;
  const { inherited_from, self_reported, not_attributed } = conversion;
  const head = `${INDENT}${pad(time.time(conversion_time), TIME_WIDTH, 'right')}  ★   ${label} ${id}${value === null ? '' : ` · ${money(value)}`}`;
  const facts = [
    ...(follows
      ? [`${follows.days === 0 ? 'on the day of' : `${counted(follows.days, 'day')} after`} ${follows.label} ${follows.id}`]
      : []),
    ...(is_qualified === null ? [] : [is_qualified ? 'qualified' : 'not qualified']),
    ...(attribution_time === conversion_time ? [] : [`attributed as of ${time.time(attribution_time)}`]),
    ...(matched_by ? [`person found by ${matched_by}`] : []),
    ...(inherited_from ? [`credits inherited from ${inherited_from.label} ${inherited_from.id}`] : []),
  ];
  const indent = ' '.repeat(DETAIL + 4);
  return [
    head,
    ...(facts.length ? [`${indent}${facts.join(' · ')}`] : []),
    ...modelsBy(self_reported, ({ channel }) => channel).map(([channel, models]) => `${indent}→ self-reported ${channel}: ${models}`),
    ...modelsBy(not_attributed, ({ reason }) => words(reason).toLowerCase()).map(
      ([reason, models]) => `${indent}(not attributed) ${reason}: ${models}`,
    ),
  ];
}

/** Pairs of what models have in common and their names. */
function modelsBy<T extends { readonly model: string }>(list: readonly T[], of: (one: T) => string): [common: string, models: string][] {
  return [...Map.groupBy(list, of)].map(([common, group]) => [common, group.map(({ model }) => words(model).toLowerCase()).join(', ')]);
}

function pendingLine(event: PendingEvent, { time, device }: Context): string {
  const utm = [event.utm_source, event.utm_medium, event.utm_campaign].filter(Boolean).join(' / ');
  const facts = [
    event.event ? `${event.type} ${event.event}` : event.type,
    event.page_path,
    utm,
    event.click_ids.join(', '),
    event.referrer && !utm ? `from ${event.referrer}` : '',
    event.is_bot ? 'left out as a bot' : '',
    ...event.identifiers.filter((identifier) => !identifier.startsWith('ga_client_id')),
  ];
  return `${INDENT}${pad(time.time(event.occurred_at), TIME_WIDTH, 'right')}  ${pad(device(event.anonymous_id), 3, 'left')} ${facts.filter(Boolean).join(' · ')}`;
}
