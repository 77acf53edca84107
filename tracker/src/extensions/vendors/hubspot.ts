import type { Vendor } from './vendor.ts';

/** https://developers.hubspot.com/docs/api-reference/latest/marketing/forms/global-form-events */
interface Form {
  getFormId(): string;
  getFormFieldValues(): Promise<readonly { readonly name: string; readonly value?: string }[]>;
  setFieldValue(name: string, value: string): void;
}
interface Forms {
  getForms(): readonly Form[];
  getFormFromEvent(event: Event): Form | undefined;
}

/** A field's name begins with the kind of object it belongs to, `0-1/email`. A name without it sets nothing, silently. */
const propertyOf = (name: string) => name.slice(name.indexOf('/') + 1);

/**
 * HubSpot's forms of the current editor, which lie in an iframe of another origin and have an API. Legacy forms need
 * nothing of this: they lie in the page, or in an iframe of its origin.
 */
export const hubspot: Vendor = ({ values, mayFill, wasSeen, report, safely }) => {
  const page = window as { HubSpotFormsV4?: Forms; HubspotFormsV4?: Forms };
  // Both spellings are in use.
  const api = () => page.HubSpotFormsV4 ?? page.HubspotFormsV4;
  const on = (event: string, react: (form: Form) => Promise<void>) =>
    addEventListener(
      `hs-form-event:on-${event}`,
      (details) =>
        void safely(() => {
          const form = api()?.getFormFromEvent(details);
          return form && react(form);
        }),
    );

  const fill = async (form: Form) => {
    if (!mayFill(document.querySelector(`[data-form-id="${form.getFormId()}"]`))) return;
    const fields = await form.getFormFieldValues();
    for (const [property, wanted] of values()) {
      for (const { name, value = '' } of fields) {
        if (propertyOf(name) === property && value !== wanted) form.setFieldValue(name, wanted);
      }
    }
  };
  on('ready', fill);
  // The next step has fields of its own.
  on('interaction:navigate', fill);

  on('submission:success', async (form) => {
    const id = form.getFormId();
    if (wasSeen(id)) return;
    let send = (email?: string) => {
      send = () => undefined;
      report('hubspot', id, email);
    };
    // The values come from another process, and HubSpot may be leaving for the page of thanks.
    addEventListener('pagehide', () => send(), true);
    try {
      send((await form.getFormFieldValues()).find(({ name }) => propertyOf(name) === 'email')?.value);
    } finally {
      send();
    }
  });

  return (isNew) => {
    if (isNew) for (const form of api()?.getForms() ?? []) void safely(() => fill(form));
  };
};
