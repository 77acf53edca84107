import { expect, test } from 'vitest';
import { checkConfig } from './check.ts';
import type { ConfigInput } from './schema.ts';

const project = { name: 'Test', timeZone: 'UTC', currency: 'EUR' };
const steps = [
  { name: 'pricing', page_path: '/pricing' },
  { name: 'signup', event: 'signup' },
];
const funnel = { name: 'demo', label: 'Demo', steps };
const check = (...eventFunnels: readonly object[]) =>
  checkConfig(
    { project, eventFunnels: eventFunnels as unknown as ConfigInput['eventFunnels'] },
    import.meta.dirname,
    'touchtrail.config.ts',
  );

test('event funnels are within a session and sequential where they say nothing else', () => {
  const { eventFunnels } = check(funnel, { ...funnel, name: 'slow', windowHours: 48, order: 'strict' });
  expect(eventFunnels).toEqual([
    { ...funnel, order: 'sequential' },
    { ...funnel, name: 'slow', windowHours: 48, order: 'strict' },
  ]);
});

const withFilter = (filter: object) => ({ ...funnel, steps: [steps[0], { ...steps[1], filter }] });

test.each([
  ['two of one name', [funnel, funnel], 'eventFunnels[1].name: "demo": names another event funnel already'],
  [
    'steps of one name',
    [{ ...funnel, steps: [...steps, steps[0]] }],
    'eventFunnels[0].steps[2].name: "pricing": names another step of this funnel already',
  ],
  ['a single step', [{ ...funnel, steps: steps.slice(1) }], 'eventFunnels[0].steps'],
  [
    'a step that is both',
    [{ ...funnel, steps: [steps[0], { ...steps[1], page_path: '/' }] }],
    'eventFunnels[0].steps[1]: expected exactly one of event and page_path',
  ],
  [
    'a step that is nothing',
    [{ ...funnel, steps: [steps[0], { name: 'end' }] }],
    'eventFunnels[0].steps[1]: expected exactly one of event and page_path',
  ],
  ['both limits', [{ ...funnel, withinSession: true, windowHours: 3 }], 'eventFunnels[0]: expected withinSession or windowHours, not both'],
  ['a window that is none', [{ ...funnel, windowHours: 0 }], 'eventFunnels[0].windowHours'],
  [
    'a misspelt dimension',
    [withFilter({ dimension: 'countri', equals: 'DE' })],
    'eventFunnels[0].steps[1].filter.dimension: "countri": no such dimension of an event; did you mean "country"?',
  ],
  [
    'a dimension of sessions',
    [withFilter({ any: [{ not: { dimension: 'channel', equals: 'Email' } }] })],
    'eventFunnels[0].steps[1].filter.any[0].not.dimension: "channel": no such dimension of an event',
  ],
  [
    'a custom dimension',
    [withFilter({ all: [{ custom: 'brand', equals: 'x' }] })],
    'eventFunnels[0].steps[1].filter.all[0].custom: "brand": dimensions of one\'s own are of sessions',
  ],
  [
    'a property that is none',
    [withFilter({ property: 'a"b', isSet: true })],
    'eventFunnels[0].steps[1].filter.property: "a\\"b": expected the name of a property',
  ],
])('%s is refused in words', (_, funnels, message) => {
  expect(() => check(...(funnels as object[]))).toThrow(message);
});
