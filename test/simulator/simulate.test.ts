import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HISTORY_BEGIN, HISTORY_END, DAY } from './calendar.ts';
import { exportFiles } from './exports.ts';
import { batches, countDeliveries, countEvents, type Message } from './messages.ts';
import { simulate } from './simulate.ts';
import { STORY_EMAIL } from './story.ts';
import type { World } from './world.ts';

function groupBy(messages: readonly Message[], key: (message: Message) => string): Map<string, Message[]> {
  const groups = new Map<string, Message[]>();
  for (const message of messages) {
    const group = groups.get(key(message));
    if (group) group.push(message);
    else groups.set(key(message), [message]);
  }
  return groups;
}

const example = simulate();
const small = simulate({ seed: 5, people: 600 });

function fingerprint(world: World): string {
  const hash = createHash('sha256');
  for (const batch of batches(world)) hash.update(JSON.stringify(batch));
  for (const [path, text] of exportFiles(world)) hash.update(path).update(text);
  return hash.digest('hex');
}

describe('the simulated company', () => {
  test('the same seed gives the same bytes, another seed others', () => {
    expect(fingerprint(simulate({ seed: 5, people: 600 }))).toBe(fingerprint(small));
    expect(fingerprint(simulate({ seed: 6, people: 600 }))).not.toBe(fingerprint(small));
  });

  test('the committed example files are those of the simulator, byte for byte, and stay small', async () => {
    let bytes = 0;
    for (const [path, text] of exportFiles(example)) {
      const committed = await readFile(join(import.meta.dirname, '../../examples/fernhill', path), 'utf8');
      expect(committed === text, `${path} differs: run node test/simulator/write-example.ts`).toBe(true);
      bytes += committed.length;
    }
    expect(bytes).toBeLessThan(1_500_000);
  });

  test('the example has at least 20,000 visitors and 200,000 events', () => {
    expect(example.devices.filter((device) => !device.bot).length).toBeGreaterThanOrEqual(20_000);
    expect(countEvents(example)).toBeGreaterThanOrEqual(200_000);
  });

  test('everything happens within the eight months, each browser in order of time', () => {
    for (const device of example.devices) {
      let previous = HISTORY_BEGIN - 1;
      for (const hit of device.visits.flatMap((visit) => visit.hits)) {
        const ordered = hit.at > previous || (hit.event === 'Logged In' && hit.at === previous);
        if (!ordered || hit.at >= HISTORY_END) expect.fail(`${device.anonymousId} has a hit at ${new Date(hit.at).toISOString()}`);
        previous = hit.at;
      }
    }
  });

  test('a cookie in the CRM is that of the browser which sent the form seconds before', () => {
    const devices = new Set(example.devices);
    const withCookie = example.leads.filter((lead) => lead.device);
    expect(withCookie.length).toBeGreaterThan(1_000);
    for (const { device, createdAt, leadId } of withCookie) {
      expect(devices.has(device!), leadId).toBe(true);
      const forms = device!.visits.flatMap((visit) => visit.hits).filter((hit) => hit.form !== undefined);
      expect(
        forms.some((hit) => hit.at < createdAt && hit.at > createdAt - 60_000),
        leadId,
      ).toBe(true);
    }
  });

  test('some leads have no cookie, some no address either', () => {
    const without = example.leads.filter((lead) => !lead.device);
    expect(without.length).toBeGreaterThan(30);
    expect(without.some((lead) => lead.email === '')).toBe(true);
  });

  test('deals go forward in time: lead, deal, stages, close', () => {
    for (const deal of example.deals) {
      const times = [deal.lead.createdAt, ...deal.stages.map((stage) => stage.enteredAt)];
      expect(times, deal.dealId).toEqual(times.toSorted((a, b) => a - b));
      expect(deal.stages[0]).toEqual({ stage: 'qualified', enteredAt: deal.createdAt });
      expect(deal.closedOn !== undefined, deal.dealId).toBe(deal.stages.at(-1)!.stage.startsWith('closed_'));
      expect(deal.amountCents).toBeGreaterThan(0);
    }
  });

  test('the story is there: click in December, form in January, newsletter on the phone in spring, 50,000 EUR in June', () => {
    const dana = example.people.find((person) => person.email === STORY_EMAIL)!;
    const [laptop, phone] = dana.devices;
    const click = laptop!.visits[0]!;
    expect(new Date(click.hits[0]!.at).toISOString()).toBe('2025-12-09T13:21:37.000Z');
    expect(click.arrival.clickId?.name).toBe('gclid');
    expect(click.arrival.campaign).toMatchObject({ source: 'google', medium: 'cpc', name: 'Scheduling Software DACH' });
    expect(phone!.visits[0]!.arrival).toMatchObject({ channel: 'Email', linkEmail: STORY_EMAIL });

    const lead = example.leads.find(({ device }) => device === laptop)!;
    expect(new Date(lead.createdAt).toISOString().slice(0, 10)).toBe('2026-01-14');
    expect((lead.createdAt - click.hits[0]!.at) / DAY).toBeLessThan(90);
    const deal = example.deals.find((candidate) => candidate.lead === lead)!;
    expect(deal).toMatchObject({ closedOn: '2026-06-17', amountCents: 5_000_000 });
  });
});

describe('the messages', () => {
  const messages = [...batches(small)].flat();
  const byId = groupBy(messages, (message) => message.messageId);

  test('come in batches of at most 500, every event at least once, some twice and as the same bytes', () => {
    expect(Math.max(...[...batches(small)].map((batch) => batch.length))).toBe(500);
    expect(byId.size).toBe(countEvents(small));
    expect(messages.length).toBe(countDeliveries(small));
    expect(messages.length).toBeGreaterThan(byId.size);
    for (const copies of byId.values()) expect(new Set(copies.map((copy) => JSON.stringify(copy))).size).toBe(1);
  });

  test('come late and out of order, some of them by days', () => {
    let latest = 0;
    let lateness = 0;
    for (const { timestamp } of messages) {
      latest = Math.max(latest, Date.parse(timestamp));
      lateness = Math.max(lateness, latest - Date.parse(timestamp));
    }
    expect(lateness).toBeGreaterThan(5 * DAY);
  });

  test('carry no e-mail address anywhere', () => {
    for (const message of messages) if (JSON.stringify(message).includes('@')) expect.fail(JSON.stringify(message));
  });

  test('count each browser’s events from 1 in order of time', () => {
    for (const events of groupBy(
      [...byId.values()].map(([first]) => first!),
      (message) => message.anonymousId,
    ).values()) {
      const ordered = events.toSorted((a, b) => a.sequence - b.sequence);
      expect(ordered.map((message) => message.sequence)).toEqual(ordered.map((_, index) => index + 1));
      const times = ordered.map((message) => message.timestamp);
      expect(times).toEqual(times.toSorted());
    }
  });

  test('an ad click carries its parameters in the address and, as context, on every event of the visit', () => {
    const dana = small.people.find((person) => person.email === STORY_EMAIL)!.devices[0]!;
    const visit = dana.visits[0]!;
    const own = [...byId.values()].map(([first]) => first!).filter((message) => message.anonymousId === dana.anonymousId);
    const [landing, ...rest] = own.toSorted((a, b) => a.sequence - b.sequence).slice(0, visit.hits.length);
    const clickId = visit.arrival.clickId!.value;
    expect(new URL(landing!.context.page.url).searchParams.get('gclid')).toBe(clickId);
    expect(new URL(landing!.context.page.url).searchParams.get('utm_campaign')).toBe('Scheduling Software DACH');
    for (const message of [landing!, ...rest]) expect(message.context.clickIds).toEqual({ gclid: clickId });
    for (const message of rest) expect(message.context.page.search).toBe('');
  });

  test('a newsletter click carries the hash of the reader’s address, marked as coming from a link', () => {
    // printf dana.whitfield@harrowfield.example | sha256sum
    const hash = '0c242442a106f2b8ffb5c9fd0931925f7cffcaaf7bd0c159e64a47208fd4d78f';
    const phone = small.people.find((person) => person.email === STORY_EMAIL)!.devices[1]!;
    const click = messages.find((message) => message.anonymousId === phone.anonymousId && message.sequence === 1)!;
    expect(click.context.emailHashes).toEqual([{ hash, origin: 'url' }]);
    expect(click.context.page.url).not.toContain(hash);
  });
});
