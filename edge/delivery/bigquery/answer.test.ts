import { describe, expect, test } from 'vitest';
import { judgeRow, readAnswer, wordsOf } from './answer.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const read = (status: number, body: string, retryAfter: string | null = null) => readAnswer(status, body, retryAfter, NOW);

describe('an answer', () => {
  test('of 200 says which rows have errors', () => {
    expect(read(200, '{"kind":"bigquery#tableDataInsertAllResponse"}')).toEqual({ kind: 'taken', errors: new Map() });
    const errors = [{ reason: 'invalid', location: 'x', message: 'no such field: x.' }];
    expect(read(200, JSON.stringify({ kind: 'bigquery#tableDataInsertAllResponse', insertErrors: [{ index: 3, errors }] }))).toEqual({
      kind: 'taken',
      errors: new Map([[3, errors]]),
    });
  });

  test.each(['', '{"kind": "bigq', '<html>', 'null', '"ok"', '{}', '{"status":"up"}', '{"kind":"bigquery#table"}'])(
    'of 200 that says %j says nothing',
    (body) => {
      expect(read(200, body)).toEqual({ kind: 'later', reason: 'unreadable_answer' });
    },
  );

  test('is taken in the words of BigQuery where it has any', () => {
    expect(read(400, '{"error":{"message":"Invalid JSON payload received.","errors":[{"reason":"badRequest"}]}}')).toEqual({
      kind: 'refused',
      reason: 'badRequest',
      detail: 'Invalid JSON payload received.',
    });
    expect(read(400, '<html>')).toEqual({ kind: 'refused', detail: '<html>' });
    expect(read(413, '<html>')).toEqual({ kind: 'too_large', detail: '<html>' });
    expect(read(401, '{}')).toEqual({ kind: 'unauthorized' });
  });

  test.each([201, 204, 302, 403, 404, 408, 409, 429, 500, 502, 503, 504])('of %i may be another one later', (status) => {
    expect(read(status, '{"error":{"message":"words"}}')).toEqual({ kind: 'later', reason: `status_${status}`, detail: 'words' });
  });

  test.each([
    ['120', 120],
    ['0', undefined],
    ['Sun, 01 Mar 2026 12:01:30 GMT', 90],
    ['Sun, 01 Mar 2026 11:00:00 GMT', undefined],
    ['soon', undefined],
  ])('with Retry-After %s waits %s seconds', (retryAfter, afterSeconds) => {
    expect(read(503, '', retryAfter)).toEqual({ kind: 'later', reason: 'status_503', detail: '', afterSeconds });
  });
});

describe('the errors of a row', () => {
  const STOPPED = { reason: 'stopped' };
  const INVALID = { reason: 'invalid', message: 'Could not convert value to boolean.' };
  test.each([
    ['none', [], 'stopped'],
    ['stopped', [STOPPED], 'stopped'],
    ['invalid', [INVALID], 'invalid'],
    ['invalid and stopped', [STOPPED, INVALID], 'invalid'],
    ['a column that is not seen yet', [{ reason: 'invalid', message: 'no such field: new_column.' }], 'later'],
    ['invalid and a column that is not seen yet', [INVALID, { reason: 'invalid', message: 'No such field: new_column.' }], 'later'],
    ...['backendError', 'internalError', 'timeout', 'quotaExceeded', 'rateLimitExceeded', 'somethingNew'].map(
      (reason) => [reason, [{ reason }], 'later'] as const,
    ),
    ['no reason at all', [{}], 'later'],
  ] as const)('%s', (_, errors, verdict) => {
    expect(judgeRow(errors)).toBe(verdict);
  });

  test('are given in words', () => {
    expect(
      wordsOf([
        { reason: 'invalid', location: 'is_bot', message: 'Not a BOOL' },
        { reason: 'stopped', location: '' },
      ]),
    ).toBe('invalid: is_bot: Not a BOOL; stopped');
  });
});
