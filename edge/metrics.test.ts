import { expect, test } from 'vitest';
import { countResults, createMetrics } from './metrics.ts';

type Point = { readonly indexes?: string[]; readonly blobs?: string[]; readonly doubles?: number[] };

function analytics() {
  const points: Point[] = [];
  return { points, writeDataPoint: (point: Point) => void points.push(point) };
}
const samples = (text: string) => text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));

test('counts are summed by name and label and told in the text format of Prometheus, with the isolate', () => {
  const metrics = createMetrics('edge-1');
  metrics.count('accepted', 'wk_1', 3);
  metrics.count('accepted', 'wk_1');
  metrics.count('accepted', 'wk_2');
  metrics.count('rejected', 'say "no"');
  metrics.count('delivered', 'events_raw', 0);
  expect(metrics.text().split('\n').slice(0, 5)).toEqual([
    '# TYPE touchtrail_events_accepted_total counter',
    'touchtrail_events_accepted_total{edge_instance="edge-1",write_key_id="wk_1"} 4',
    'touchtrail_events_accepted_total{edge_instance="edge-1",write_key_id="wk_2"} 1',
    '# TYPE touchtrail_events_rejected_total counter',
    'touchtrail_events_rejected_total{edge_instance="edge-1",reason="say \\"no\\""} 1',
  ]);
  expect(metrics.text()).not.toContain('rows_delivered');
  expect(metrics.text().endsWith('\n')).toBe(true);
});

test('the lag is a cumulative histogram with sum, count and maximum; a clock that runs behind gives none below zero', () => {
  const metrics = createMetrics('edge-1');
  metrics.lag(0.5);
  metrics.lag(5, 10);
  metrics.lag(400);
  metrics.lag(-3);
  const name = 'touchtrail_delivery_lag_seconds';
  expect(samples(metrics.text())).toEqual([
    `${name}_bucket{edge_instance="edge-1",le="1"} 2`,
    `${name}_bucket{edge_instance="edge-1",le="5"} 12`,
    `${name}_bucket{edge_instance="edge-1",le="15"} 12`,
    `${name}_bucket{edge_instance="edge-1",le="60"} 12`,
    `${name}_bucket{edge_instance="edge-1",le="300"} 12`,
    `${name}_bucket{edge_instance="edge-1",le="1800"} 13`,
    `${name}_bucket{edge_instance="edge-1",le="21600"} 13`,
    `${name}_bucket{edge_instance="edge-1",le="+Inf"} 13`,
    `${name}_sum{edge_instance="edge-1"} 450.5`,
    `${name}_count{edge_instance="edge-1"} 13`,
    `${name}_max{edge_instance="edge-1"} 400`,
  ]);
});

test('of one counter at most 100 labels are told apart, the rest is "other", and no count is lost', () => {
  const metrics = createMetrics('edge-1');
  for (let i = 0; i < 1_000; i++) metrics.count('accepted', `wk_${i}`);
  metrics.count('accepted', 'wk_0');
  const lines = samples(metrics.text()).filter((line) => line.includes('accepted'));
  expect(lines).toHaveLength(101);
  expect(lines).toContain('touchtrail_events_accepted_total{edge_instance="edge-1",write_key_id="wk_0"} 2');
  expect(lines).toContain('touchtrail_events_accepted_total{edge_instance="edge-1",write_key_id="other"} 900');
});

test('a flush writes what has changed since the last one, once', () => {
  const metrics = createMetrics('edge-1');
  const { points, ...dataset } = analytics();
  metrics.count('accepted', 'wk_1', 2);
  metrics.lag(3, 4);
  metrics.lag(1);
  metrics.flush(dataset);
  expect(points).toEqual([
    { indexes: ['lag'], blobs: ['lag', '', 'edge-1'], doubles: [5, 13, 3] },
    { indexes: ['accepted'], blobs: ['accepted', 'wk_1', 'edge-1'], doubles: [2, 0, 0] },
  ]);
  metrics.flush(dataset);
  expect(points).toHaveLength(2);
  metrics.count('accepted', 'wk_1');
  metrics.flush(dataset);
  expect(points.slice(2)).toEqual([{ indexes: ['accepted'], blobs: ['accepted', 'wk_1', 'edge-1'], doubles: [1, 0, 0] }]);
});

test('one flush writes at most 25 points; the rest goes with the next', () => {
  const metrics = createMetrics('edge-1');
  const { points, ...dataset } = analytics();
  for (let i = 0; i < 60; i++) metrics.count('accepted', `wk_${i}`);
  const flushed = [];
  for (let i = 0; i < 4; i++) {
    metrics.flush(dataset);
    flushed.push(points.length);
  }
  expect(flushed).toEqual([25, 50, 60, 60]);
  expect(new Set(points.map(({ blobs }) => blobs![1])).size).toBe(60);
});

test('the results of a request are counted by write key, rejected ones by reason', () => {
  const metrics = createMetrics('edge-1');
  const results = [
    { message_id: 'a', status: 'ok' },
    { message_id: 'a', status: 'duplicate' },
    { message_id: 'b', status: 'rejected', reason: 'too_deep' },
  ] as const;
  countResults(metrics, { id: 'wk_1', verified: true }, results);
  countResults(metrics, { id: 'wk_made_up', verified: false }, results.slice(0, 1));
  expect(samples(metrics.text()).filter((line) => !line.includes('lag'))).toEqual([
    'touchtrail_events_accepted_total{edge_instance="edge-1",write_key_id="wk_1"} 1',
    'touchtrail_events_accepted_total{edge_instance="edge-1",write_key_id="unverified"} 1',
    'touchtrail_events_duplicate_total{edge_instance="edge-1",write_key_id="wk_1"} 1',
    'touchtrail_events_rejected_total{edge_instance="edge-1",reason="too_deep"} 1',
  ]);
});
