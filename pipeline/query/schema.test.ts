import { describe, expect, test } from 'vitest';
import { UserError } from '../config/user-error.ts';
import { parseReportQuery, type ReportQueryInput } from './schema.ts';
import { PUBLICATION } from './testing/world.ts';

const date_range = { start_date: '2026-01-01', end_date: '2026-01-31' };
const won = { conversion: 'closed_won', model: 'first_click' };

function messageOf(query: object): string {
  try {
    parseReportQuery({ date_range, ...query }, PUBLICATION.config);
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    expect((error as UserError).exitCode).toBe(2);
    return (error as UserError).message;
  }
  throw new Error('the query was accepted');
}

test('a date range alone is a whole query', () => {
  expect(parseReportQuery({ date_range }, PUBLICATION.config)).toEqual({
    date_range,
    dimensions: ['channel'],
    interval: 'day',
    metrics: ['sessions', 'users', 'cost'],
    attributed_conversions: [],
    time_basis: 'conversion_time',
    order_by: [],
    limit: 1000,
  });
});

describe('an unknown name is answered with the nearest known one', () => {
  test.each([
    [{ dimensions: ['chanel'] }, 'dimensions[0]: "chanel": expected one of "date", "channel",', 'did you mean "channel"?'],
    [{ metrics: ['sesions'] }, 'metrics[0]: "sesions": expected one of "sessions",', 'did you mean "sessions"?'],
    [{ dimension: ['channel'] }, 'dimension: ["channel"]: unknown key', 'did you mean "dimensions"?'],
    [{ time_basis: 'click' }, 'time_basis: "click": expected one of "conversion_time", "click_time"', ''],
    [
      { metrics: ['roas'], attributed_conversions: [{ conversion: 'close_won', model: 'first_click' }] },
      'attributed_conversions[0].conversion: unknown conversion "close_won", did you mean "closed_won"? (known: lead, closed_won)',
      '',
    ],
    [
      { metrics: ['roas'], attributed_conversions: [{ conversion: 'lead', model: 'fist_click' }] },
      'attributed_conversions[0].model: unknown model "fist_click", did you mean "first_click"? (known: first_click, last_click, linear)',
      '',
    ],
    [{ order_by: [{ field: 'sesions' }] }, 'order_by[0].field: unknown column of this report "sesions", did you mean "sessions"?', ''],
    [
      { filters: { and: [{ field: 'chanel', operator: 'equals', value: 'x' }] } },
      'filters.and[0]: unknown dimension or metric "chanel", did you mean "channel"?',
      '',
    ],
    [
      { dimensions: ['param.plam'] },
      'dimensions[0]: unknown dimension "param.plam", did you mean "param.plan"? (known: param.plan, param.size)',
      '',
    ],
    [
      { filters: { and: [{ field: 'param.plam', operator: 'is_set' }] } },
      'filters.and[0]: unknown dimension "param.plam", did you mean "param.plan"?',
      '',
    ],
  ])('%j', (query, start, hint) => {
    const message = messageOf(query);
    expect(message).toContain(start);
    expect(message).toContain(hint);
  });
});

describe('what makes no sense is refused:', () => {
  test.each<[string, Partial<ReportQueryInput>, string]>([
    [
      'a day that does not exist',
      { date_range: { start_date: '2026-02-30', end_date: '2026-03-01' } },
      '"2026-02-30": expected a date such as "2026-06-30"',
    ],
    [
      'a range that ends before it begins',
      { date_range: { start_date: '2026-02-02', end_date: '2026-02-01' } },
      'start_date lies after end_date',
    ],
    [
      'a figure of a conversion without one',
      { metrics: ['roas', 'cpa'] },
      'attributed_conversions: missing; roas, cpa are figures of a conversion',
    ],
    ['a dimension twice', { dimensions: ['channel', 'channel'] }, 'dimensions: "channel" stands twice'],
    ['a pair twice', { attributed_conversions: [won, won] }, 'attributed_conversions: "closed_won × first_click" stands twice'],
    [
      'dates of two periods in one table',
      { dimensions: ['date'], comparison_date_range: date_range },
      'ask for the two periods one by one',
    ],
    ['an order by a column that is not there', { order_by: [{ field: 'cpc' }] }, 'unknown column of this report "cpc"'],
    [
      'a number against a text',
      { filters: { and: [{ field: 'channel', operator: 'gt', value: 3 }] } },
      '"gt" compares numbers, and "channel" is text',
    ],
    [
      'a text against a number',
      { filters: { and: [{ field: 'cost', operator: 'gt', value: 'x' }] } },
      'expected a number to compare "cost" with',
    ],
    ['a metric that equals', { filters: { and: [{ field: 'cost', operator: 'equals', value: '3' }] } }, '"equals" is for dimensions'],
    [
      'a metric that is not shown',
      { filters: { and: [{ field: 'cpc', operator: 'gt', value: 3 }] } },
      '"cpc" is not among the metrics of this report',
    ],
    [
      'a date that is none',
      { filters: { and: [{ field: 'date', operator: 'gte', value: 'May' }] } },
      'expected a date such as "2026-06-30"',
    ],
    [
      'facts or rows',
      {
        filters: {
          or: [
            { field: 'channel', operator: 'equals', value: 'x' },
            { field: 'cost', operator: 'gt', value: 3 },
          ],
        },
      },
      'filters.or: a group joined by "or" holds either dimensions, or metrics, or is_qualified',
    ],
  ])('%s', (_, query, message) => expect(messageOf(query)).toContain(message));

  test('everything at once, one line each', () => {
    const message = messageOf({ metrics: ['roas'], attributed_conversions: [{ conversion: 'x', model: 'y' }] });
    expect(message.split('\n')).toEqual([
      'this report cannot be made:',
      '  attributed_conversions[0].conversion: unknown conversion "x"; known: lead, closed_won',
      '  attributed_conversions[0].model: unknown model "y"; known: first_click, last_click, linear',
    ]);
  });
});
