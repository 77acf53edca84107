import { attempt } from '../attempt.ts';
import { noteAddress } from '../context.ts';
import { fillForm } from './hidden-field.ts';

/** Fields that ask for an e-mail address: by type, or by a name such as `work_email`. */
const EMAIL_FIELDS = '[type=email],[name*=mail i],[id*=mail i],[autocomplete*=email]';

/**
 * Reports each submitted form as `Form Submitted`: which form, never what was entered, but for the hash of the address in
 * its first e-mail field. It listens on the window before everything else, does not stop or repeat the submit, and the
 * hash is ready at once, so a navigation cannot outrun it.
 */
export function reportSubmissions(track: (event: string, properties: object) => void): void {
  addEventListener(
    'submit',
    (event) => {
      const form = event.target as HTMLFormElement;
      fillForm(form);
      for (const field of form.querySelectorAll<HTMLInputElement>(EMAIL_FIELDS)) if (noteAddress(field.value, 'form')) break;
      // getAttribute: a field named "id", "name" or "action" would stand in the place of the form's own property.
      const attribute = (name: string) => form.getAttribute(name) ?? undefined;
      track('Form Submitted', {
        form_id: attribute('id'),
        form_name: attribute('name'),
        form_action: attempt(
          () => new URL(event.submitter?.getAttribute('formaction') ?? attribute('action') ?? '', document.baseURI).href,
        ),
        page_path: location.pathname,
      });
    },
    true,
  );
}
