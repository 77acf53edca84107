import { attempt } from '../../attempt.ts';
import type { Core } from '../../extension.ts';

/** What the forms of a vendor are filled and reported with. */
export interface Filling {
  /** What fields are to hold by now: `''` where a value is to be taken back. */
  values(this: void): readonly (readonly [field: string, value: string])[];
  /** Whether the page lets the forms in this element be filled. */
  mayFill(this: void, element: Element | null): boolean;
  /** Says whether the page itself saw this form submitted, and reported it; once for each submission. */
  wasSeen(this: void, formId: string): boolean;
  /** Reports a submission. */
  report(this: void, vendor: string, formId: string, email?: string, name?: string): void;
  /** Runs what speaks with the vendor's script: where that fails, the page must not. */
  safely(this: void, action: () => unknown): Promise<void>;
}

/** Starts a vendor; returns what is to run whenever values or elements have changed. `isNew` tells of the values. */
export type Vendor = (filling: Filling) => (isNew: boolean) => void;

/** Starts the vendors. */
export function startVendors(core: Core, vendors: readonly Vendor[]): void {
  const seen = new Set<string | null>();
  addEventListener(
    'submit',
    ({ target }) => {
      const form = target as Element;
      // HubSpot gives the id to what surrounds the form.
      seen.add(form.closest<HTMLElement>('[data-form-id]')?.dataset['formId'] ?? form.getAttribute('id'));
    },
    true,
  );

  const safely: Filling['safely'] = async (action) => {
    try {
      await action();
    } catch (error) {
      if (core.options.debug) console.warn('touchtrail: the script of a form failed', error);
    }
  };
  const values = () => Object.entries(core.formValues).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const filling: Filling = {
    values,
    mayFill(element) {
      const chosen = core.options.forms;
      if (element?.closest('[data-touchtrail=off]')) return false;
      // Not a selector: then no form is meant, as in the core.
      return !chosen || !!attempt(() => element?.closest(chosen));
    },
    wasSeen: (formId) => seen.delete(formId),
    report(form_vendor, form_id, email, form_name) {
      core.noteAddress(email, 'form');
      core.touchtrail.track('Form Submitted', { form_id, form_name, form_vendor });
    },
    safely,
  };

  let last: string | undefined;
  const updates = vendors.map((vendor) => vendor(filling));
  core.onFill(() =>
    // Other extensions, which are called after this one, may add to the values.
    setTimeout(() => {
      const now = String(values());
      const isNew = now !== last;
      last = now;
      for (const update of updates) void safely(() => update(isNew));
    }),
  );
}
