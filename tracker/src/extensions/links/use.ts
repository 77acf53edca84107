import { attempt } from '../../attempt.ts';

/** What may come before a link is followed, copied or opened elsewhere, and before a form is sent. */
const MOMENTS = ['pointerdown', 'keydown', 'click', 'auxclick', 'contextmenu', 'submit'];

/**
 * Calls back with a link that is about to be used (anything but a file to be saved), or with a form and its button.
 * Events are left to the page; whatever is done has to be done at once.
 */
export function watchUse(onLink: (link: Element) => void, onForm?: (form: HTMLFormElement, button?: Element | null) => void): void {
  const handle = (event: Event) => {
    if (event.type === 'keydown' && (event as KeyboardEvent).key !== 'Enter') return;
    // The path looks into open shadow roots.
    for (const node of event.composedPath() as HTMLButtonElement[]) {
      const { localName } = node;
      if (localName === 'a' || localName === 'area') {
        if (!node.hasAttribute('download')) onLink(node);
        return;
      }
      const form = localName === 'form' ? (node as unknown as HTMLFormElement) : node.form;
      if (form) return onForm?.(form, (event as SubmitEvent).submitter ?? node);
    }
  };
  for (const type of MOMENTS) addEventListener(type, (event) => attempt(() => handle(event)), { capture: true, passive: true });
}

/** Changes an address that an element may have, as the attribute is written, so that relative addresses stay relative. */
export function changeAttribute(element: Element, name: string, change: (address: string, base: string) => string): void {
  const address = element.getAttribute(name);
  if (address === null) return;
  const changed = change(address, element.baseURI);
  if (changed !== address) element.setAttribute(name, changed);
}

/** Changes the address of a link; drawings of older programs write it with a prefix. */
export function changeLink(link: Element, change: (address: string, base: string) => string): void {
  for (const name of ['href', 'xlink:href']) changeAttribute(link, name, change);
}
