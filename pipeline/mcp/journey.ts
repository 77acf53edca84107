import * as z from 'zod';
import type { Journey } from '../query/journey/types.ts';

const text = z.string();
const maybe = z.string().nullable();

export const PlainDevice = z.strictObject({
  anonymous_id: text,
  device_type: maybe,
  browser: maybe,
  os: maybe,
  country: maybe,
  city: maybe,
  first_seen: text,
  last_seen: text,
  sessions: z.int(),
  pending_events: z.int(),
});

export const Joins = z.strictObject({
  key_name: text,
  shown_value: text.describe('Of a hash the first digits.'),
  joins: z.boolean(),
  seen: z.array(
    z.strictObject({
      anonymous_id: text,
      tier: maybe,
      origin: text,
      first_seen: text,
      verdict: z.enum(['used', 'refused', 'pending']),
      reason: maybe,
    }),
  ),
});

const Credit = z.strictObject({
  conversion: text,
  conversion_id: text,
  model: text,
  credit: z.number().describe('Fraction of 1.'),
  value: z.number().nullable(),
});

const Session = z.strictObject({
  kind: z.literal('session'),
  at: text,
  session_id: text,
  anonymous_id: text,
  ended_at: text,
  channel: text,
  source: text,
  medium: text,
  campaign: maybe,
  landing_path: maybe,
  page_views: z.int(),
  credits: z.array(Credit),
});

const Conversion = z.strictObject({
  kind: z.literal('conversion'),
  at: text,
  name: text,
  label: text,
  id: text,
  attribution_time: text,
  value: z.number().nullable(),
  is_qualified: z.boolean().nullable(),
  follows: z.strictObject({ name: text, label: text, id: text, days: z.int() }).nullable().describe('The stage before.'),
  matched_by: maybe.describe('Which identifier led to the person.'),
  inherited_from: z.strictObject({ name: text, label: text, id: text }).nullable(),
  self_reported: z.array(z.strictObject({ model: text, channel: text })),
  not_attributed: z.array(z.strictObject({ model: text, reason: text })),
});

const Pending = z.strictObject({
  kind: z.literal('pending_event'),
  at: text,
  anonymous_id: maybe,
  type: text,
  event: maybe,
  page_path: maybe,
  referrer: maybe,
  utm_source: maybe,
  utm_medium: maybe,
  utm_campaign: maybe,
  click_ids: z.array(text),
  is_bot: z.boolean(),
  identifiers: z.array(text),
});

/** One thing that happened, of three kinds. Instants are UTC. */
export const JourneyRow = z.discriminatedUnion('kind', [Session, Conversion, Pending]);
export type JourneyRow = z.infer<typeof JourneyRow>;

/** All that happened to a person in the order of time; at the same instant a visit before a conversion. @param model only its credits. */
export function journeyRows({ sessions, conversions, pending }: Journey, model: string | undefined): JourneyRow[] {
  const isOf = (one: { readonly model: string }) => model === undefined || one.model === model;
  const rows: JourneyRow[] = [
    ...sessions.map(({ started_at, credits, ...session }) => ({
      kind: 'session' as const,
      at: started_at,
      ...session,
      credits: credits.filter(isOf).map((one) => ({ ...one })),
    })),
    ...conversions.map(({ conversion_time, self_reported, not_attributed, ...conversion }) => ({
      kind: 'conversion' as const,
      at: conversion_time,
      ...conversion,
      self_reported: self_reported.filter(isOf).map((one) => ({ ...one })),
      not_attributed: not_attributed.filter(isOf).map((one) => ({ ...one })),
    })),
    ...pending.map(({ occurred_at, click_ids, identifiers, ...event }) => ({
      kind: 'pending_event' as const,
      at: occurred_at,
      ...event,
      click_ids: [...click_ids],
      identifiers: [...identifiers],
    })),
  ];
  return rows.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}
