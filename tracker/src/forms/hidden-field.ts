import { ANONYMOUS_ID, getAnonymousId } from '../anonymous-id.ts';

/** Fills the visitor id into every form of the page. */
export function fillForms(): void {
  for (const form of document.forms) fillForm(form);
}

/**
 * Fills a form's fields named `anonymous_id`; a form without one gets a hidden one. A form that is
 * sent in the address (`method="get"` written out, or `role="search"`) gets none, because everybody would see it there.
 */
export function fillForm(form: HTMLFormElement): void {
  const id = getAnonymousId();
  if (!id) return;
  const fields = form.querySelectorAll<HTMLInputElement>(`input[name=${ANONYMOUS_ID}]`);
  for (const field of fields) {
    if (field.value === id) continue;
    // The default value is what a reset goes back to.
    field.value = field.defaultValue = id;
    // Libraries that keep the values of fields to themselves learn of it by these.
    for (const type of ['input', 'change']) field.dispatchEvent(new Event(type, { bubbles: true }));
  }
  if (fields.length || isSentInAddress(form)) return;
  const field = document.createElement('input');
  field.type = 'hidden';
  field.name = ANONYMOUS_ID;
  field.value = id;
  form.append(field);
}

/** Keeps the fields filled in forms that appear or are drawn anew later, and in whatever a form finally sends. */
export function keepFormsFilled(): void {
  fillForms();
  new MutationObserver(fillForms).observe(document, { childList: true, subtree: true });
  addEventListener(
    'formdata',
    ({ formData, target }) => {
      const id = getAnonymousId();
      if (id && (formData.has(ANONYMOUS_ID) || !isSentInAddress(target as HTMLFormElement))) formData.set(ANONYMOUS_ID, id);
    },
    true,
  );
}

/** By its attributes, because a field named "method" would stand in the place of `form.method`. */
function isSentInAddress(form: HTMLFormElement): boolean {
  return form.matches('[method=get i],[role=search]');
}
