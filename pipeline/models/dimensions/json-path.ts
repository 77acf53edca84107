import { isPropertyPath } from '../../config/filter-dimensions.ts';
import { UserError } from '../../config/user-error.ts';

/**
 * The path of a property as both engines read it: `shipping.city` is `$."shipping"."city"`.
 * @throws UserError for a name that they would read as something else.
 */
export function jsonPath(property: string): string {
  if (!isPropertyPath(property)) {
    throw new UserError(
      `property ${JSON.stringify(property)}: expected a name such as "total", or "shipping.city" for one inside of another, without quotes, backslashes and asterisks`,
    );
  }
  return `$${property
    .split('.')
    .map((name) => `."${name}"`)
    .join('')}`;
}
