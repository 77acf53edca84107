/*
 * Stands in for the forms of HubSpot's current editor as documented on
 * https://developers.hubspot.com/docs/api-reference/latest/marketing/forms/global-form-events: a form in an iframe of another
 * origin (or, for `hs-form-html`, in the page), events on the window, and the API. `data-next` leaves the page on success.
 */
const origin = new URL(document.currentScript.src).origin;
const forms = new Map();

function tell(name, form) {
  window.dispatchEvent(
    new CustomEvent(`hs-form-event:on-${name}`, { detail: { formId: form.getFormId(), instanceId: form.getInstanceId() } }),
  );
}
window.HubSpotFormsV4 = {
  getForms: () => [...forms.values()],
  getFormFromEvent: ({ detail }) => forms.get(detail.instanceId),
};

document.querySelectorAll('.hs-form-frame').forEach((container, index) => {
  const { formId, next } = container.dataset;
  const frame = document.createElement('iframe');
  frame.src = `${origin}/vendors/hubspot-v4-frame.html`;
  const answers = [];
  const ask = (message) =>
    new Promise((resolve) => {
      answers.push(resolve);
      frame.contentWindow.postMessage(message, origin);
    });
  const form = {
    getFormId: () => formId,
    getInstanceId: () => String(index),
    getFormFieldValues: () => ask({ read: true }),
    setFieldValue: (name, value) => frame.contentWindow.postMessage({ name, value }, origin),
  };
  window.addEventListener('message', ({ data, source }) => {
    if (source !== frame.contentWindow) return;
    if (data.values) answers.shift()(data.values);
    if (data.state === 'ready') {
      forms.set(String(index), form);
      tell('ready', form);
    }
    if (data.state === 'success') {
      tell('submission:success', form);
      if (next) {
        // Nobody answers any more.
        frame.remove();
        location.href = next;
      }
    }
  });
  container.append(frame);
});

document.querySelectorAll('.hs-form-html').forEach((container, index) => {
  const values = { '0-1/email': '', '0-1/firstname': 'Ada', '0-1/anonymous_id': '' };
  const draw = () => {
    for (const [name, value] of Object.entries(values)) container.querySelector(`[name="${name}"]`).value = value;
  };
  const instance = {
    getFormId: () => container.dataset.formId,
    getInstanceId: () => `html-${index}`,
    getFormFieldValues: () => Promise.resolve(Object.entries(values).map(([name, value]) => ({ name, value }))),
    setFieldValue(name, value) {
      if (name in values) values[name] = value;
      draw();
    },
  };
  container.innerHTML = `<form novalidate><input name="0-1/email" type="email"><input name="0-1/firstname">
    <input name="0-1/anonymous_id" type="hidden"><button type="submit">Submit</button></form>`;
  container.querySelector('form').addEventListener('input', ({ target }) => {
    if (target.name in values) values[target.name] = target.value;
  });
  container.querySelector('form').addEventListener('submit', (event) => {
    event.preventDefault();
    const sent = fetch(`${origin}/crm`, { method: 'POST', mode: 'no-cors', body: new URLSearchParams(values) });
    void sent.then(() => tell('submission:success', instance));
  });
  draw();
  forms.set(instance.getInstanceId(), instance);
  tell('ready', instance);
});
