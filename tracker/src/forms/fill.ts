import { ANONYMOUS_ID, getAnonymousId } from '../anonymous-id.ts';
import { attempt } from '../attempt.ts';
import { mayIdentify } from '../consent.ts';
import { options } from '../options.ts';

/** What a form lies in. */
export type Root = Document | ShadowRoot;

const roots: Root[] = [];
const callbacks: (() => void)[] = [];
let waiting: ReturnType<typeof setTimeout> | undefined;

/**
 * What forms carry, by the name of the field. An empty value is to be taken back where it was filled in; without one the field
 * is left as it is.
 */
// Without a prototype: a page may have given every object enumerable members.
export const formValues = { __proto__: null } as unknown as Record<string, string | undefined>;

/** Forms that are sent in the address get no field, because everybody would see it there; nor do those the site has not chosen. */
function takesFields(form: Element): boolean {
  // By attributes, because a field named "method" would stand in the place of `form.method`.
  return form.matches(`${options.forms ?? ''}:not([method=get i],[role=search],[data-touchtrail=off])`);
}

/** Fills the fields of forms; a form without one gets a hidden one. */
function fill(root: Root): void {
  for (const name in formValues) {
    const value = formValues[name];
    const fields = `input[name="${name}"]`;
    for (const field of root.querySelectorAll<HTMLInputElement>(fields)) {
      if (value === undefined || field.value === value) continue;
      // What a reset goes back to, and all that a hidden field has. React takes notice only of a value that was not set as such.
      field.defaultValue = value;
      if (field.value !== value) field.value = value;
      // Libraries that keep the values of fields to themselves learn of it by these.
      for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, { bubbles: true }));
    }
    // One by one: a field named "append" or "matches" stands in the place of the form's own method.
    for (const form of root.querySelectorAll('form'))
      attempt(() => {
        if (!value || form.querySelector(fields) || !takesFields(form)) return;
        const field = document.createElement('input');
        field.type = 'hidden';
        field.name = name;
        field.value = value;
        form.append(field);
      });
  }
}

/** Fills all forms that are watched. */
export function fillForms(): void {
  formValues[options.field ?? ANONYMOUS_ID] = mayIdentify() ? getAnonymousId() : '';
  waiting = undefined;
  callbacks.forEach(attempt);
  // The site's own field may come after the form's opening tag: only whole forms are looked at.
  if (document.readyState !== 'loading') roots.forEach((root) => attempt(() => fill(root)));
}

/** Calls back before forms are filled. */
export function onFill(callback: () => void): void {
  callbacks.push(callback);
  fillForms();
}

/** Keeps the forms of a document or shadow root filled: those that appear later and those that are drawn anew. */
export function keepFilled(root: Root): void {
  roots.push(root);
  // A page that draws itself changes many elements one after the other.
  new MutationObserver(() => (waiting ??= setTimeout(fillForms, 50))).observe(root, { childList: true, subtree: true });
  fillForms();
}

/** Puts the values into what a form finally sends. */
export function fillData({ formData, target }: FormDataEvent): void {
  for (const name in formValues) {
    const value = formValues[name];
    if (value && (formData.has(name) || takesFields(target as Element))) formData.set(name, value);
  }
}
