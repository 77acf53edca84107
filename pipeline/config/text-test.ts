import * as z from 'zod';
import { isSharedPattern } from './patterns.ts';

// A comparison with a text, as the rules of the config write it.

/** A text that is not empty and has no spaces at its ends. */
export const text = z.string().refine((value) => value !== '' && value === value.trim(), {
  error: ({ input }) => `${JSON.stringify(input)}: expected a text without spaces at its ends`,
});
/** A regular expression that both warehouses read alike. */
export const pattern = text.refine((value) => isSharedPattern(value), {
  error: ({ input }) =>
    `${JSON.stringify(input)}: expected a regular expression that both warehouses read alike: no look-around, no back references, of the escapes only \\b \\B \\d \\D \\s \\S \\w \\W \\t \\n \\r \\f \\v and punctuation`,
});

/** An unknown key is told by itself, not also as one that is missing. */
export const hasNoIssue = ({ issues }: { readonly issues: readonly unknown[] }): boolean => issues.length === 0;

/** One comparison with a text: exactly one member is there. Letter case does not matter. */
export const textTest = z
  .strictObject({
    equals: text.optional(),
    in: z.array(text).min(1).optional(),
    contains: text.optional(),
    startsWith: text.optional(),
    /** A regular expression, found anywhere in the text. */
    matches: pattern.optional(),
  })
  .refine((test) => Object.values(test).filter((value) => value !== undefined).length === 1, {
    error: ({ input }) => `${JSON.stringify(input)}: expected exactly one of equals, in, contains, startsWith, matches`,
    when: hasNoIssue,
  });
/** One comparison with a text: exactly one member is there. */
export type TextTest = z.infer<typeof textTest>;
