import { expect, test } from 'vitest';
import { conditionOf } from './filters.ts';

test.each([
  ['channel=Paid Search', { field: 'channel', operator: 'equals', value: 'Paid Search' }],
  ['channel = Email|Direct', { field: 'channel', operator: 'in', value: ['Email', 'Direct'] }],
  ['campaign~brand', { field: 'campaign', operator: 'contains', value: 'brand' }],
  ['campaign=', { field: 'campaign', operator: 'not_set' }],
  ['campaign=*', { field: 'campaign', operator: 'is_set' }],
  ['cost>=100.5', { field: 'cost', operator: 'gte', value: 100.5 }],
  ['closed_won.first_click.roas<2', { field: 'closed_won.first_click.roas', operator: 'lt', value: 2 }],
  ['date>2026-01-31', { field: 'date', operator: 'gt', value: '2026-01-31' }],
  ['content=a=b', { field: 'content', operator: 'equals', value: 'a=b' }],
])('the filter %s is understood', (text, condition) => expect(conditionOf(text)).toEqual(condition));

test('a filter without an operator is refused with an example', () => {
  expect(() => conditionOf('Paid Search')).toThrow('--filter "Paid Search": expected something such as "channel=Paid Search"');
});
