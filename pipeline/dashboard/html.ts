import { html, raw } from 'hono/html';

export { html, raw };

/** Escaped markup: what `html` makes. Whatever is put into it is escaped, unless it is markup itself. */
export type Html = ReturnType<typeof html>;

/** No markup. */
export const NOTHING: Html = html``;

/** Markup of each member, one behind the other. */
export function each<Member>(members: Iterable<Member>, write: (member: Member, index: number) => Html): Html {
  return html`${Array.from(members, write)}`;
}

/** Markup as it is sent; that of `html` without promises is text at once. */
export const textOf = (markup: Html): string => (markup as Awaited<Html>).toString();
