import { expect, test } from 'vitest';
import { figuresOf, type StoredEvent } from './accounting.ts';
import { type Plan, plansOf, WAYS, type Way, type Witnessed } from './plan.ts';

function visit(id: string, more: Partial<Witnessed> = {}, way: Way = 'reload'): Witnessed {
  const plan: Plan = { id, way, dwell: 100, tracksLeaving: more.trackedLeaving ?? false };
  return { plan, scriptRan: true, trackedLeaving: false, lasted: 120, ...more };
}
const stored = (visit: string, event: string, rows = 1, deliveries = 1): StoredEvent => ({ visit, event, rows, deliveries });

function judged(witnessed: readonly Witnessed[], events: readonly StoredEvent[], refused: readonly string[] = []) {
  return Object.fromEntries(figuresOf(witnessed, events, refused).map(({ name, value, holds, note }) => [name, { value, holds, note }]));
}

test('a visit whose script ran and whose page view is stored is not lost', () => {
  expect(judged([visit('a')], [stored('a', 'page')])).toMatchObject({
    'Short visits in which the script ran': { value: 1 },
    'Short visits left before the script had run': { value: 0 },
    'Short visits whose page view is lost': { value: 0, holds: true },
    'Duplicates of these in the table events': { value: 0, holds: true },
  });
});

test('a visit whose script ran and whose page view is stored nowhere is lost, with the way it was left', () => {
  expect(judged([visit('a'), visit('b', {}, 'back'), visit('c')], [stored('a', 'page'), stored('c', 'page')])).toMatchObject({
    'Short visits whose page view is lost': { value: 1, holds: false, note: 'back 1 of 1' },
  });
});

test('a visit without the script is counted apart and cannot be lost', () => {
  expect(judged([visit('a', { scriptRan: false })], [])).toMatchObject({
    'Short visits in which the script ran': { value: 0 },
    'Short visits left before the script had run': { value: 1 },
    'Short visits whose page view is lost': { value: 0, holds: true },
  });
});

test('a page view that is stored proves that the script ran', () => {
  expect(judged([visit('a', { scriptRan: false })], [stored('a', 'page')])).toMatchObject({
    'Short visits in which the script ran': { value: 1 },
    'Short visits left before the script had run': { value: 0 },
  });
});

test('an event of the moment of leaving that is stored nowhere is lost, though the page view is there', () => {
  expect(judged([visit('a', { trackedLeaving: true })], [stored('a', 'page')])).toMatchObject({
    'Short visits whose page view is lost': { value: 0, holds: true },
    'Events made in the moment of leaving that are lost': { value: 1, holds: false, note: 'reload 1 of 1' },
  });
});

test('a second row of one page view is a duplicate; a second delivery of it alone is only counted', () => {
  expect(judged([visit('a'), visit('b')], [stored('a', 'page', 2, 2), stored('b', 'page', 1, 3)])).toMatchObject({
    'Duplicates of these in the table events': { value: 1, holds: false },
    'Copies delivered and removed on loading': { value: 2, holds: true, note: 'of 5 delivered' },
  });
});

test('other events of a visit may come more than once', () => {
  expect(judged([visit('a')], [stored('a', 'page'), stored('a', 'Page Engaged', 2, 2)])).toMatchObject({
    'Duplicates of these in the table events': { value: 0, holds: true },
  });
});

test('a request that the edge refused is told with its reason', () => {
  expect(judged([visit('a')], [stored('a', 'page')], ['/t/v1/batch: 503 {}'])).toMatchObject({
    'Requests of short visits that the edge refused': { value: 1, holds: false, note: '/t/v1/batch: 503 {}' },
  });
});

test('plans are the same each time, with every way of leaving equally often, mixed and shorter than 300 ms', () => {
  const plans = plansOf(1000);
  expect(plansOf(1000)).toEqual(plans);
  for (const way of WAYS) expect(plans.filter((plan) => plan.way === way)).toHaveLength(200);
  expect(new Set(plans.map(({ id }) => id)).size).toBe(1000);
  expect(new Set(plans.slice(0, 20).map(({ way }) => way)).size).toBe(WAYS.length);
  expect(Math.max(...plans.map(({ dwell }) => dwell))).toBeLessThan(300);
});
