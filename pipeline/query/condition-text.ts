import { UserError } from '../config/user-error.ts';
import { isDimension } from './dimensions.ts';
import type { Condition, Filters } from './schema.ts';

const OPERATORS = { '>=': 'gte', '<=': 'lte', '>': 'gt', '<': 'lt' } as const;

/**
 * A filter as people write it: `channel=Paid Search`, `channel=Email|Direct` (one of), `campaign~brand` (contains),
 * `campaign=` (not set), `campaign=*` (set), `cost>=100`.
 * @param name what the filter is called where it was written.
 * @throws UserError (exit code 2) for a text that is none.
 */
export function conditionOf(text: string, name = 'filter'): Condition {
  const match = /^([\w.-]+)\s*(>=|<=|=|~|>|<)\s*([\s\S]*)$/.exec(text);
  if (!match) {
    throw new UserError(`${name} "${text}": expected something such as "channel=Paid Search", "campaign~brand" or "cost>100"`, {
      exitCode: 2,
    });
  }
  const [, field, sign, value] = match as unknown as [string, string, string, string];
  if (sign === '~') return { field, operator: 'contains', value };
  if (sign !== '=') {
    const operator = OPERATORS[sign as keyof typeof OPERATORS];
    const isNumber = !isDimension(field) && value.trim() !== '' && !Number.isNaN(Number(value));
    return { field, operator, value: isNumber ? Number(value) : value };
  }
  if (value === '') return { field, operator: 'not_set' };
  if (value === '*') return { field, operator: 'is_set' };
  return value.includes('|') ? { field, operator: 'in', value: value.split('|') } : { field, operator: 'equals', value };
}

/** A condition in the words that {@link conditionOf} reads. */
export function conditionText(condition: Condition): string {
  const { field } = condition;
  if (!('value' in condition)) return `${field}=${condition.operator === 'is_set' ? '*' : ''}`;
  if (condition.operator === 'in') return `${field}=${condition.value.join('|')}`;
  const sign = { equals: '=', contains: '~', gte: '>=', lte: '<=', gt: '>', lt: '<' }[condition.operator];
  return `${field}${sign}${condition.value}`;
}

/** A filter in such words, for a heading; a group within it stands in brackets. */
export function filterText(filters: Filters): string {
  const [members, word] = 'and' in filters ? ([filters.and, 'and'] as const) : ([filters.or, 'or'] as const);
  const texts = members.map((member) => ('field' in member ? conditionText(member) : `(${filterText(member)})`));
  return texts.join(` ${word} `);
}
