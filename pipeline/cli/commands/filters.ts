import * as filters from '../../query/condition-text.ts';
import type { Condition } from '../../query/schema.ts';

/** {@link filters.conditionOf} of an option. */
export const conditionOf = (text: string): Condition => filters.conditionOf(text, '--filter');
