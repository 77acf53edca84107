/** What runs inside of the page: each function is handed over as text, and can use nothing but its argument and the browser. */

/** As much of the DOM as is used here: Node's types know none of it. */
interface PageElement {
  readonly dataset: Readonly<Record<string, string>>;
  readonly src: string;
  readonly value: string;
  readonly shadowRoot: PageRoot | null;
  getAttribute(name: string): string | null;
}
interface PageRoot {
  querySelectorAll(selector: string): Iterable<PageElement>;
}
interface Violation {
  readonly effectiveDirective: string;
  readonly blockedURI: string;
  readonly disposition: string;
}
interface Refusal {
  readonly directive: string;
  readonly url: string;
}
interface PageGlobal {
  refusalsSeen?: Refusal[];
  readonly [name: string]: unknown;
}
declare const window: PageGlobal;
declare const location: { readonly href: string };
declare const document: PageRoot & { addEventListener(type: 'securitypolicyviolation', listener: (event: Violation) => void): void };
declare const Element: { readonly prototype: { matches(selector: string): boolean; querySelector(selector: string): PageElement | null } };

/** Before the page's own code: remembers what its Content Security Policy refuses. */
export function noteRefusals(): void {
  const refusals: Refusal[] = [];
  Object.defineProperty(window, 'refusalsSeen', { value: refusals });
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, disposition }) => {
    if (disposition === 'enforce') refusals.push({ directive: effectiveDirective, url: blockedURI });
  });
}

/** What {@link noteRefusals} has seen so far. */
export function readRefusals(): Refusal[] {
  return window.refusalsSeen ?? [];
}

/** Whether the policy has refused a connection. */
export function hasRefusedConnection(): boolean {
  return (window.refusalsSeen ?? []).some(({ directive }) => directive === 'connect-src');
}

/** The script tags that have a write key, with their options from the address and the attributes. */
export function findTags(): { src: string; options: Record<string, string> }[] {
  return [...document.querySelectorAll('script[src]')].flatMap(({ src, dataset }) => {
    const options: Record<string, string> = { ...Object.fromEntries(new URL(src, location.href).searchParams), ...dataset };
    return 'writeKey' in options ? [{ src, options }] : [];
  });
}

/** Whether the tracker has put itself under this name. */
export function hasGlobal(name: string): boolean {
  return typeof (window[name] as { getAnonymousId?: unknown } | undefined)?.getAnonymousId === 'function';
}

/**
 * The forms of the frame, those in open shadow roots as well, with the value of the field for the visitor id.
 * @param options.field name of that field. @param options.filter the site's own choice of forms, a selector; empty: all.
 */
export function readForms({ field, filter }: { field: string; filter: string }) {
  const rootsIn = (root: PageRoot): PageRoot[] => [
    root,
    ...[...root.querySelectorAll('*')].flatMap((element) => (element.shadowRoot ? rootsIn(element.shadowRoot) : [])),
  ];
  const takers = `${filter === 'none' ? ':not(*)' : filter}:not([method=get i],[role=search],[data-touchtrail=off])`;
  return rootsIn(document).flatMap((root) =>
    [...root.querySelectorAll('form')].map((form) => ({
      isInShadow: root !== document,
      // By attributes and borrowed methods: a field named "id" or "matches" would stand in the place of the form's own.
      id: form.getAttribute('id') ?? '',
      name: form.getAttribute('name') ?? '',
      action: form.getAttribute('action') ?? '',
      takesField: Element.prototype.matches.call(form, takers),
      value: Element.prototype.querySelector.call(form, `input[name="${field}"]`)?.value ?? null,
    })),
  );
}
