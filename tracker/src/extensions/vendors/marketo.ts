import type { Vendor } from './vendor.ts';

/** https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/javascriptapi/forms-api-reference */
interface Form {
  getId(): number;
  /** A jQuery object. */
  getFormElem(): ArrayLike<Element> | null;
  getValues(): Readonly<Record<string, unknown>>;
  setValues(values: Readonly<Record<string, string>>): void;
  addHiddenFields(values: Readonly<Record<string, string>>): void;
  onSuccess(callback: (values: Readonly<Record<string, string>>) => void): void;
}
interface Forms {
  allForms(): readonly Form[];
  whenReady(callback: (form: Form) => void): void;
  onFormRender(callback: (form: Form) => void): void;
}

/** Marketo Forms 2.0: sends the fields it knows of, which are those of the form and those that were given to it. */
export const marketo: Vendor = ({ values, mayFill, wasSeen, report, safely }) => {
  const fill = (form: Form) =>
    safely(() => {
      const element = form.getFormElem()?.[0];
      if (!element || !mayFill(element)) return;
      const known = form.getValues();
      for (const [name, value] of values()) {
        const field = { [name]: value };
        if (name in known) {
          if (known[name] !== value) form.setValues(field);
        } else if (value) {
          // The field that every form of the page gets would be a second one of the name.
          element.querySelector(`[type=hidden][name="${name}"]`)?.remove();
          form.addHiddenFields(field);
        }
      }
    });

  let isStarted = false;
  return (isNew) => {
    const api = (window as { MktoForms2?: Forms }).MktoForms2;
    if (!api) return;
    if (isStarted) {
      if (isNew) for (const form of api.allForms()) void fill(form);
      return;
    }
    isStarted = true;
    // Rules of visibility draw a form anew.
    api.onFormRender((form) => void fill(form));
    api.whenReady((form) => {
      void fill(form);
      // Nothing is returned: `false` would keep the visitor from the page of thanks.
      form.onSuccess(({ Email }) => {
        const id = `mktoForm_${form.getId()}`;
        if (!wasSeen(id)) report('marketo', id, Email);
      });
    });
  };
};
