import { touchtrail } from '../api.ts';
import { noteAddress } from '../context.ts';

/** Fields that ask for an e-mail address: by type, by a name such as `work_email`, or by what browsers are to fill in. */
const EMAIL_FIELDS = '[type*=mail i],[name*=mail i],[id*=mail i],[autocomplete*=mail i]';

/**
 * Reports a form that is submitted as `Form Submitted`: which form, never what was entered, but for the hash of the address in
 * its first e-mail field.
 */
export function reportSubmission({ target, submitter }: SubmitEvent): void {
  const form = target as HTMLFormElement;
  for (const field of form.querySelectorAll<HTMLInputElement>(EMAIL_FIELDS))
    if (field.type !== 'hidden' && noteAddress(field.value, 'form')) break;
  // getAttribute: a field named "id", "name" or "action" would stand in the place of the form's own property.
  const attribute = (name: string) => form.getAttribute(name);
  touchtrail.track('Form Submitted', {
    form_id: attribute('id'),
    form_name: attribute('name'),
    form_action: submitter?.getAttribute('formaction') ?? attribute('action'),
  });
}
