import type { Device, Journey, PendingEvent, Signal } from '../../query/journey/types.ts';
import { words } from '../../config/words.ts';
import { each, html, type Html, NOTHING } from '../html.ts';
import type { PageContext } from '../page.ts';
import { creditTables } from './journeys-credits.ts';
import { counted, type JourneySetting, keyLabel } from './journeys-parts.ts';
import { timeline } from './journeys-timeline.ts';

/** One person: what happened in order of time; beside it the devices, what joined them, and the credits by model. */
export function journeyBody(context: PageContext, journey: Journey): Html {
  const numbers = new Map(journey.devices.map(({ anonymous_id }, i) => [anonymous_id, `D${i + 1}`]));
  const setting: JourneySetting = {
    context,
    device: (id) => html`<span class="device">${id === null ? 'server' : (numbers.get(id) ?? 'other')}</span>`,
  };
  const { sessions, conversions, pending, devices, signals } = journey;
  const facts = [
    counted(devices.length, 'device'),
    counted(sessions.length, 'session'),
    counted(conversions.length, 'conversion'),
    ...(pending.length > 0 ? [`${counted(pending.length, 'event')} not yet processed`] : []),
  ];
  return html`<section class="panel">
      <h2>${title(journey)}</h2>
      <p class="quiet">Found by ${journey.selector} · ${facts.join(' · ')}</p>
    </section>
    <div class="journey">
      <section class="panel">
        <h2>Timeline</h2>
        ${timeline(setting, journey)} ${pending.length === 0 ? NOTHING : pendingEvents(setting, pending)}
      </section>
      <div class="aside">
        <section class="panel">
          <h2>Devices</h2>
          ${deviceList(setting, devices)}
        </section>
        <section class="panel">
          <h2>Identity</h2>
          ${signalList(setting, signals)}
        </section>
      </div>
    </div>
    ${creditTables(setting, journey)}`;
}

function title({ person_ids: ids, devices }: Journey): Html {
  if (ids.length > 0) return html`Person <code>${ids.join(' + ')}</code>`;
  return devices.length > 0 ? html`Somebody new` : html`Nobody known`;
}

function deviceList({ context: { time }, device }: JourneySetting, devices: readonly Device[]): Html {
  if (devices.length === 0) return html`<p class="quiet">No browser of this person is known: nothing they did on the site can be told.</p>`;
  return html`<ul class="entries">
    ${each(devices, (one) => {
      const what = [one.browser, one.os && `on ${one.os}`].filter(Boolean).join(' ') || 'Unknown browser';
      const where = [one.city, one.country].filter(Boolean).join(', ');
      const [first, last] = [time.day(one.first_seen), time.day(one.last_seen)];
      const facts = [
        first === last ? first : `${first} – ${last}`,
        ...(one.sessions > 0 ? [counted(one.sessions, 'session')] : []),
        ...(one.pending_events > 0 ? [`${counted(one.pending_events, 'event')} not yet processed`] : []),
      ];
      return html`<li>
        <div>${device(one.anonymous_id)} ${[what, one.device_type, where].filter(Boolean).join(', ')}</div>
        <div class="quiet">${facts.join(' · ')}</div>
        <div class="quiet"><code>${one.anonymous_id}</code></div>
      </li>`;
    })}
  </ul>`;
}

function signalList({ context: { time }, device }: JourneySetting, signals: readonly Signal[]): Html {
  if (signals.length === 0) return html`<p class="quiet">No identifier was seen: the browser stands for itself.</p>`;
  return html`<ul class="entries">
    ${each(
      signals,
      ({ key_name, shown_value, joins, seen }) =>
        html`<li>
          <div>${keyLabel(key_name)} <code>${shown_value}</code>${joins ? html` <span class="mark">joins devices</span>` : NOTHING}</div>
          <ul class="quiet entries">
            ${each(seen, (one) => {
              const verdict =
                one.verdict === 'used'
                  ? NOTHING
                  : one.verdict === 'pending'
                    ? html` · not yet processed`
                    : html` · <span class="refused">refused: ${words(one.reason ?? 'unknown').toLowerCase()}</span>`;
              return html`<li>
                ${device(one.anonymous_id)} ${time.day(one.first_seen)} ·
                ${one.origin}${one.tier === null ? NOTHING : html` · ${one.tier}`}${verdict}
              </li>`;
            })}
          </ul>
        </li>`,
    )}
  </ul>`;
}

function pendingEvents({ context: { time }, device }: JourneySetting, pending: readonly PendingEvent[]): Html {
  return html`<h3 class="after">Landed, not yet processed</h3>
    <ol class="timeline pending">
      ${each(pending, (event) => {
        const utm = [event.utm_source, event.utm_medium, event.utm_campaign].filter(Boolean).join(' / ');
        const facts = [
          event.page_path,
          utm,
          event.click_ids.join(', '),
          event.referrer && !utm ? `from ${event.referrer}` : '',
          event.is_bot ? 'left out as a bot' : '',
          ...event.identifiers,
        ].filter(Boolean);
        return html`<li>
          <div class="when"><time datetime="${event.occurred_at}">${time.time(event.occurred_at)}</time> ${device(event.anonymous_id)}</div>
          <div>
            ${event.event ? `${event.type} ${event.event}` : event.type}${facts.length > 0 ? html` <span class="quiet">${facts.join(' · ')}</span>` : NOTHING}
          </div>
        </li>`;
      })}
    </ol>
    <p class="note">The next run processes what has landed; who belongs to whom is decided there.</p>`;
}
