import { CONVERSIONS } from '../../models/conversions/tables.ts';
import { REPORT_EVENT_FUNNELS, REPORT_FUNNEL } from '../../models/funnels/tables.ts';
import { JOURNEY_TABLES } from '../../query/testing/journey-world.ts';
import { PUBLICATION, REPORT_TABLES } from '../../query/testing/world.ts';
import type { Publication } from '../../query/publication.ts';
import type { Row, TableDefinition } from '../../warehouse/warehouse.ts';

// The story of query/testing/world.ts and journey-world.ts as one publication: what the reports count, and who it was.

const conversion = (conversion_name: string, id: string, conversion_time: string, more: Row): Row => ({
  conversion_name,
  id,
  conversion_time,
  attribution_time: conversion_time,
  conversion_date: conversion_time.slice(0, 10),
  params: [],
  ...more,
});

/** Person 3, who is no part of the journey tables. */
const MORE: readonly Row[] = [
  conversion('lead', 'L3', '2026-02-10T09:00:00.000000Z', { person_id: 'c1', person_key: 3 }),
  conversion('closed_won', 'D3', '2026-03-20T09:00:00.000000Z', { person_id: 'c1', person_key: 3, value_micros: 500_000_000 }),
];

const deal = (id: string, lead_id: string, lead_time: string, conversion_time: string, value: number): Row => ({
  conversion_name: 'closed_won',
  id,
  lead_id,
  linked_by: 'lead_id',
  conversion_time,
  conversion_date: conversion_time.slice(0, 10),
  lead_time,
  value_micros: value * 1_000_000,
  is_first: true,
  lead_conversions: 1,
  lead_valued: 1,
  lead_value_micros: value * 1_000_000,
});

/** D1 took 49 days and 4 hours, D3 38 days; twenty deals of long ago took 100 days each, so that a lead of February is open. */
const FUNNEL: readonly Row[] = [
  deal('D1', 'L1', '2026-01-20T18:32:00.000000Z', '2026-03-10T22:59:59.999999Z', 10_000),
  deal('D3', 'L3', '2026-02-10T09:00:00.000000Z', '2026-03-20T09:00:00.000000Z', 500),
  ...Array.from({ length: 20 }, (_, i) => deal(`OLD${i}`, `LOLD${i}`, '2025-01-01T00:00:00.000000Z', '2025-04-11T00:00:00.000000Z', 100)),
];

const step = (session_id: string, place: number, entry_date: string, seconds: number): Row => ({
  funnel_name: 'demo',
  write_key_id: 'wk_1',
  message_id: `m-${session_id}`,
  step: place,
  anonymous_id: `a-${session_id}`,
  session_id,
  entry_date,
  since_entry_micros: seconds * 1_000_000,
  since_previous_micros: seconds * 1_000_000,
});

/** Two entries from paid search, one of which goes on after 90 seconds. */
const WAYS: readonly Row[] = [step('s1', 1, '2026-01-05', 0), step('s1', 2, '2026-01-05', 90), step('s3', 1, '2026-01-06', 0)];

export const PEOPLE_CONFIG: Publication['config'] = {
  ...PUBLICATION.config,
  eventFunnels: [
    {
      name: 'demo',
      label: 'Demo request',
      steps: [
        { name: 'pricing', label: 'Pricing' },
        { name: 'form', label: 'Form' },
      ],
      windowHours: null,
      order: 'sequential',
    },
  ],
};

export const PEOPLE_TABLES: readonly (readonly [TableDefinition, readonly Row[]])[] = [
  ...REPORT_TABLES,
  ...JOURNEY_TABLES.map(([table, rows]) => [table, table === CONVERSIONS ? [...rows, ...MORE] : rows] as const),
  [REPORT_FUNNEL, FUNNEL],
  [REPORT_EVENT_FUNNELS, WAYS],
];
