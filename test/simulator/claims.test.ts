import { expect, test } from 'vitest';
import { DAY } from './calendar.ts';
import { claimedLeads } from './claims.ts';
import type { Device, Lead, Visit, World } from './world.ts';

const LEAD_AT = Date.parse('2026-03-20T12:00:00Z');
const click = (placement: string, daysBefore: number): Visit => {
  const at = LEAD_AT - daysBefore * DAY;
  return {
    arrival: { channel: 'Paid Search', landing: '/', referrer: '', placement },
    hits: [{ at, kind: 'page', path: '/', referrer: '' }],
  };
};
const device = (anonymousId: string, ...visits: Visit[]): Device => ({
  anonymousId,
  userAgent: '',
  bot: false,
  ip: '',
  place: { country: 'DE', region: '', city: '' },
  visits,
});
const lead = (of: Device | undefined): Lead => ({
  leadId: 'L',
  createdAt: LEAD_AT,
  email: '',
  device: of,
  form: 'demo',
  mqlAt: undefined,
  handRaisedAt: undefined,
});

test('each platform claims a lead as a whole, for the last click within its own window, on any device of the person', () => {
  const laptop = device(
    'laptop',
    click('google_brand', 20),
    click('google_scheduling', 10),
    click('linkedin_demo', 31),
    click('meta_owners', 8),
  );
  const phone = device('phone', click('microsoft_scheduling', 1), click('google_dispatch', -1));
  const world: World = {
    seed: 1,
    people: [{ name: '', company: '', email: '', devices: [laptop, phone] }],
    devices: [laptop, phone],
    leads: [lead(laptop), lead(undefined)],
    deals: [],
    costs: [],
  };
  expect([...claimedLeads(world)].toSorted(([a], [b]) => (a < b ? -1 : 1))).toEqual([
    ['google_scheduling 2026-03-10', 1],
    ['microsoft_scheduling 2026-03-19', 1],
  ]);
});
