/*
 * Stands in for HubSpot's legacy forms as documented on
 * https://developers.hubspot.com/docs/cms/start-building/features/forms/legacy-forms: `hbspt.forms.create`, values that count
 * only once an `input` event told of them, and the `hsFormCallback` messages. A form that is not raw HTML lies in an iframe
 * of the page's origin. As for a contact HubSpot knows, the fields come with what is stored of earlier.
 */
const endpoint = new URL('/crm', document.currentScript.src).href;
const STORED = { email: '', firstname: 'Ada', anonymous_id: '00000000-0000-4000-8000-000000000000' };

window.hbspt = {
  forms: {
    create({ formId, target, isRaw }) {
      const tell = (eventName, data) => window.postMessage({ type: 'hsFormCallback', eventName, id: formId, data }, '*');
      tell('onBeforeFormInit');
      const container = document.querySelector(target);
      if (isRaw) return render(container, formId, tell);
      const frame = document.createElement('iframe');
      frame.className = 'hs-form-iframe';
      container.append(frame);
      const inside = frame.contentDocument;
      setTimeout(() => {
        inside.open();
        inside.write('<!doctype html><body><div></div>');
        inside.close();
        render(inside.querySelector('div'), formId, tell);
      }, 100);
    },
  },
};

function render(container, formId, tell) {
  const values = {};
  container.innerHTML = `<form id="hsForm_${formId}" class="hs-form hs-form-private" data-form-id="${formId}" novalidate method="POST">
    <input name="email" type="email" class="hs-input"><input name="firstname" class="hs-input">
    <input name="anonymous_id" type="hidden" class="hs-input"><button type="submit">Submit</button></form>`;
  const form = container.querySelector('form');
  form.addEventListener('input', ({ target }) => (values[target.name] = target.value));
  // The stored values arrive after the form has been drawn.
  setTimeout(() => {
    for (const [name, value] of Object.entries(STORED)) form.querySelector(`[name=${name}]`).value = values[name] = value;
    tell('onFormReady');
  }, 200);
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    tell('onFormSubmit');
    await fetch(endpoint, { method: 'POST', mode: 'no-cors', body: new URLSearchParams(values) });
    container.textContent = 'Thanks for submitting the form.';
    tell('onFormSubmitted', { submissionValues: values });
  });
}
