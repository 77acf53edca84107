import { expect, test } from 'vitest';
import { createProgress, type ProgressOptions } from './progress.ts';

function recorded(options: Omit<ProgressOptions, 'stream'> & { isTTY?: boolean; columns?: number }) {
  let text = '';
  const stream = {
    write: (part: string | Uint8Array) => ((text += String(part)), true),
    isTTY: options.isTTY ?? false,
    columns: options.columns ?? 80,
  };
  const progress = createProgress({ env: {}, ...options, stream });
  return { progress, text: () => text };
}

test('without a terminal a line is printed at each tenth, and none twice', () => {
  const { progress, text } = recorded({});
  const task = progress.begin('sending', 200);
  for (let done = 1; done <= 200; done++) task.advance(done, `${done} events`);
  task.done('200 events');
  expect(text().split('\n')).toEqual([
    'sending: 10 % (20 events)',
    'sending: 20 % (40 events)',
    'sending: 30 % (60 events)',
    'sending: 40 % (80 events)',
    'sending: 50 % (100 events)',
    'sending: 60 % (120 events)',
    'sending: 70 % (140 events)',
    'sending: 80 % (160 events)',
    'sending: 90 % (180 events)',
    'sending: done (200 events)',
    '',
  ]);
});

test('with CI set a terminal gets plain lines too', () => {
  const { progress, text } = recorded({ isTTY: true, env: { CI: 'true' } });
  progress.begin('events').done();
  expect(text()).toBe('events: done\n');
});

test('with --json each line is one JSON object', () => {
  const { progress, text } = recorded({ json: true, isTTY: true });
  const task = progress.begin('events', 10);
  task.advance(5);
  task.fail('no room');
  progress.note('hello');
  expect(
    text()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    { task: 'events', status: 'begun', total: 10 },
    { task: 'events', status: 'running', done: 5, total: 10 },
    { task: 'events', status: 'failed', note: 'no room' },
    { note: 'hello' },
  ]);
});

test('with --quiet nothing is printed', () => {
  const { progress, text } = recorded({ quiet: true, json: true });
  progress.begin('events', 1).advance(1);
  progress.note('hello');
  expect(text()).toBe('');
});

test('on a terminal the bar is redrawn on one line, at most every 80 ms, and its end stays', () => {
  let now = 0;
  const { progress, text } = recorded({ isTTY: true, clock: () => now });
  const task = progress.begin('sending', 100);
  task.advance(50, 'half');
  now = 10;
  task.advance(51, 'too early to draw');
  now = 90;
  task.advance(100);
  task.done('all');
  expect(text()).toBe(
    [
      '\r\u001B[2K  sending …',
      '\r\u001B[2K  sending ████████████░░░░░░░░░░░░  50 %  half',
      '\r\u001B[2K  sending ████████████████████████ 100 %',
      '\r\u001B[2K\u001B[32m✔\u001B[0m sending\u001B[2m  all\u001B[0m\n',
    ].join(''),
  );
});

test('NO_COLOR takes the colours away, and a line never wraps', () => {
  const { progress, text } = recorded({ isTTY: true, columns: 20, env: { NO_COLOR: '1' } });
  progress.begin('a label that is too long for it').done();
  expect(text()).toBe('\r\u001B[2K  a label that is …\r\u001B[2K✔ a label that is too long for it\n');
});

test('a note stands above the bar that is being drawn', () => {
  const { progress, text } = recorded({ isTTY: true, env: { NO_COLOR: '1' } });
  progress.begin('events');
  progress.note('look');
  expect(text()).toBe('\r\u001B[2K  events …\r\u001B[2Klook\n  events …');
});
