import { PARAMETER } from './token.ts';
import { changeAttribute } from './use.ts';

/**
 * Decorates the address that a form is about to be sent to. Where its fields take the place of the parameters of the address
 * (`method="get"`), the token goes among the fields.
 */
export function decorateForm(
  form: HTMLFormElement,
  button: Element | null | undefined,
  decorate: (address: string, base: string) => string,
): void {
  // By attributes, because a field named "action" would stand in the place of `form.action`.
  const [holder, name] = button?.hasAttribute('formaction') ? ([button, 'formaction'] as const) : ([form, 'action'] as const);
  const method = button?.getAttribute('formmethod') ?? form.getAttribute('method') ?? 'get';
  changeAttribute(holder, name, decorate);
  const token = new URL(holder.getAttribute(name) ?? '', form.baseURI).searchParams.get(PARAMETER);
  if (!token || !/^get$/i.test(method)) return;
  // At the form itself: the event does not leave a shadow root. The listener of the latest moment has the last word.
  form.addEventListener('formdata', ({ formData }) => formData.set(PARAMETER, token), { once: true });
}
