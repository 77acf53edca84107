import { expect, test } from 'vitest';
import { batches } from '../../test/bench/edge/events.ts';
import { LINE_END, toOpenLines } from '../contract/delivery.ts';
import { EventRow } from '../contract/event-row.ts';
import { parseInstant } from './clock.ts';
import { collect } from './collect.ts';
import type { Surroundings } from './enrich.ts';
import { rowOf } from './testing/row-of.ts';

const browser: Surroundings = {
  key: { id: 'wk_"1"', kind: 'browser', verified: true },
  channel: 'live',
  receivedAt: parseInstant('2026-11-24T12:00:00.000Z')!,
  sentAt: parseInstant('2026-11-24T11:59:59.000Z'),
  request: { ip: null, userAgent: 'UA "\\" 😀', country: 'DE', region: null, city: 'Köln', timezone: null },
  ipHasher: undefined,
};
const PACKING = { edge_instance: 'i-1', edge_sequence: 7 };

/** Shared by all events of a browser's request; of a server's each event has its own. */
test.each(['browser', 'server'] as const)("the line of each event of a %s's request is its row, each column once", async (kind) => {
  const surroundings = { ...browser, key: { ...browser.key, kind } };
  for (const body of batches(40, 10, 'bench')) {
    const { batch } = JSON.parse(body) as { batch: { context: object }[] };
    const sent = batch.map((event, i) => ({
      ...event,
      context: { ...event.context, userAgent: `UA ${i % 3}`, location: { city: `"${i}"` } },
    }));
    const { events } = await collect(sent, surroundings);
    const lines = toOpenLines(events, []).map((line) => `${line},"edge_instance":"i-1","edge_sequence":7${LINE_END}`);
    expect(lines).toHaveLength(events.length);
    for (const [i, line] of lines.entries()) {
      const row = { ...rowOf(events[i]!), ...PACKING };
      expect(line).toBe(`{"event":${JSON.stringify(row)}}\n`);
      expect(EventRow.parse(row)).toEqual(row);
      expect(Object.keys(row).toSorted()).toEqual(Object.keys(EventRow.shape).toSorted());
    }
  }
});

test('a failure stands whole in its line', () => {
  expect(toOpenLines([], [{ reason: 'too_deep', path: null }])).toEqual(['{"failed":{"reason":"too_deep","path":null']);
});
