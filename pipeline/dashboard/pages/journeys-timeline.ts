import { words } from '../../config/words.ts';
import type { Journey, JourneyConversion, JourneyCredit, JourneySession, Signal, SignalEvidence } from '../../query/journey/types.ts';
import { each, html, type Html, NOTHING } from '../html.ts';
import { counted, type JourneySetting, keyLabel, percent } from './journeys-parts.ts';

/** Something that happened. */
interface Entry {
  /** ISO in UTC. */
  readonly at: string;
  /** Of what happened at the same instant: a session leads to what it brought, an identifier to the conversion. */
  readonly order: 0 | 1 | 2;
  readonly kind: 'touch' | 'signal' | 'stage';
  readonly body: Html;
}

/** Identifiers that every browser has: they are worth a line only where they join two, or are refused. */
const EVERYWHERE = ['ga_client_id', 'ip_hash', 'click_id'];

/** Sessions, identifiers and conversions in one order of time, with the time that passed between them. */
export function timeline(setting: JourneySetting, { sessions, conversions, signals }: Journey): Html {
  const known = new Set<string>();
  const entries: Entry[] = [
    ...sessions.map((session): Entry => {
      const isNew = !known.has(session.anonymous_id) && known.size > 0;
      known.add(session.anonymous_id);
      return { at: session.started_at, order: 0, kind: 'touch', body: touch(setting, session, isNew) };
    }),
    ...signals.flatMap((signal) => signalEntries(setting, signal)),
    ...conversions.map((one): Entry => ({ at: endOfSecond(one.conversion_time), order: 2, kind: 'stage', body: stage(setting, one) })),
  ].toSorted((a, b) => (a.at === b.at ? a.order - b.order : a.at < b.at ? -1 : 1));
  if (entries.length === 0) return html`<p class="quiet">Nothing of this person is published yet.</p>`;
  return html`<ol class="timeline">
    ${each(
      entries,
      ({ kind, body, at }, i) =>
        html`${gap(entries[i - 1]?.at, at)}
          <li class="${kind}">${body}</li>`,
    )}
  </ol>`;
}

/** A CRM often knows no parts of a second: what it dates in a second came after the clicks of it. */
const endOfSecond = (instant: string): string => instant.replace(/\.000000Z$/, '.999999Z');

const DAY = 86_400_000;

function gap(before: string | undefined, at: string): Html {
  const days = before === undefined ? 0 : Math.floor((Date.parse(at) - Date.parse(before)) / DAY);
  return days < 1 ? NOTHING : html`<li class="gap">${counted(days, 'day')}</li>`;
}

function touch(setting: JourneySetting, session: JourneySession, isNew: boolean): Html {
  const { time } = setting.context;
  const { source, medium, campaign, landing_path, page_views } = session;
  const facts = [`${source} / ${medium}`, campaign, landing_path, counted(page_views, 'page')].filter(Boolean);
  return html`<div class="when">
      <time datetime="${session.started_at}">${time.time(session.started_at)}</time> ${setting.device(session.anonymous_id)}${
        isNew ? html` <span class="mark">new device</span>` : NOTHING
      }
    </div>
    <div><strong>${session.channel}</strong> <span class="quiet">${facts.join(' · ')}</span></div>
    ${credits(setting, session.credits)}`;
}

/** The credits of a session: conversions that its models share alike stand together, as those that inherit their credits do. */
function credits({ context: { conversionLabel, modelLabel } }: JourneySetting, all: readonly JourneyCredit[]): Html {
  const byConversion = Map.groupBy(all, ({ conversion, conversion_id }) => JSON.stringify([conversion, conversion_id]));
  const alike = Map.groupBy([...byConversion.values()], (group) => JSON.stringify(group.map(({ model, credit }) => [model, credit])));
  return each(alike.values(), (groups) => {
    const names = groups.map(([first]) => `${conversionLabel(first!.conversion)} ${first!.conversion_id}`);
    const shares = Map.groupBy(
      groups[0]!.toSorted((a, b) => b.credit - a.credit),
      ({ credit }) => credit,
    );
    return html`<div class="credit">
      <span class="quiet">Credit for ${names.join(', ')}</span>
      ${each(shares, ([credit, models]) => html`<span class="chip">${models.map(({ model }) => modelLabel(model)).join(', ')} <b>${percent(credit)}</b></span>`)}
    </div>`;
  });
}

function signalEntries(setting: JourneySetting, signal: Signal): Entry[] {
  return signal.seen
    .filter(({ verdict }) => signal.joins || verdict === 'refused' || !EVERYWHERE.includes(signal.key_name))
    .map((seen): Entry => ({ at: seen.first_seen, order: 1, kind: 'signal', body: evidence(setting, signal, seen) }));
}

function evidence(
  { context: { time }, device }: JourneySetting,
  { key_name, shown_value, joins, seen: all }: Signal,
  seen: SignalEvidence,
): Html {
  const earlier = all.filter((one) => one.verdict !== 'refused' && one !== seen && all.indexOf(one) < all.indexOf(seen));
  const what =
    seen.verdict === 'refused'
      ? html`<span class="refused">links nobody: ${words(seen.reason ?? 'unknown').toLowerCase()}</span>`
      : joins && earlier.length > 0
        ? html`joins ${device(seen.anonymous_id)} with ${each(earlier, (one) => html`${device(one.anonymous_id)} `)}`
        : html`seen`;
  const facts = [seen.origin, seen.tier, seen.verdict === 'pending' ? 'not yet processed' : null].filter((fact) => fact !== null);
  return html`<div class="when"><time datetime="${seen.first_seen}">${time.time(seen.first_seen)}</time> ${device(seen.anonymous_id)}</div>
    <div>${keyLabel(key_name)} <code>${shown_value}</code> ${what} <span class="quiet">${facts.join(' · ')}</span></div>`;
}

function stage({ context: { time, figure, modelLabel } }: JourneySetting, conversion: JourneyConversion): Html {
  const { label, id, value, conversion_time, attribution_time, is_qualified, follows, matched_by, inherited_from } = conversion;
  const facts = [
    ...(follows
      ? [`${follows.days === 0 ? 'on the day of' : `${counted(follows.days, 'day')} after`} ${follows.label} ${follows.id}`]
      : []),
    ...(is_qualified === null ? [] : [is_qualified ? 'qualified' : 'not qualified']),
    ...(attribution_time === conversion_time ? [] : [`attributed as of ${time.time(attribution_time)}`]),
    ...(matched_by === null ? [] : [`person found by ${keyLabel(matched_by).toLowerCase()}`]),
    ...(inherited_from ? [`credits inherited from ${inherited_from.label} ${inherited_from.id}`] : []),
  ];
  const said = Map.groupBy(conversion.self_reported, ({ channel }) => channel);
  const unknown = Map.groupBy(conversion.not_attributed, ({ reason }) => reason);
  const models = (group: readonly { readonly model: string }[]) => group.map(({ model }) => modelLabel(model)).join(', ');
  return html`<div class="when"><time datetime="${conversion_time}">${time.time(conversion_time)}</time></div>
    <div><strong>${label}</strong> ${id}${value === null ? NOTHING : html` <strong class="value">${figure(value, 'money')}</strong>`}</div>
    ${facts.length > 0 ? html`<div class="quiet">${facts.join(' · ')}</div>` : NOTHING}
    ${each(said, ([channel, group]) => html`<div class="credit"><span class="quiet">Self-reported</span> <span class="chip">${channel}</span> <span class="quiet">${models(group)}</span></div>`)}
    ${each(unknown, ([reason, group]) => html`<div class="credit"><span class="chip">(not attributed)</span> <span class="quiet">${words(reason).toLowerCase()}: ${models(group)}</span></div>`)}`;
}
