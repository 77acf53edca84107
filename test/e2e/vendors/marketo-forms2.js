/*
 * Stands in for Marketo Forms 2.0 as documented on
 * https://experienceleague.adobe.com/en/docs/marketo-developer/marketo/javascriptapi/forms-api-reference. It sends the fields
 * of the form's description and those given to `addHiddenFields`, whatever else lies in the form element.
 */
const endpoint = new URL('/crm', document.currentScript.src).href;
const all = [];
const ready = [];
const rendered = [];

function createForm(id) {
  const element = document.getElementById(`mktoForm_${id}`);
  const values = { Email: '', FirstName: 'Ada' };
  const hidden = {};
  const callbacks = [];
  const form = {
    getId: () => id,
    getFormElem: () => [element],
    getValues: () => ({ ...values, ...hidden }),
    vals: (given) => (given ? form.setValues(given) : form.getValues()),
    setValues(given) {
      for (const [name, value] of Object.entries(given)) {
        if (name in values) values[name] = value;
        else if (name in hidden) hidden[name] = value;
        const field = element.querySelector(`[name="${name}"]`);
        if (field) field.value = value;
      }
    },
    addHiddenFields(given) {
      for (const [name, value] of Object.entries(given)) {
        hidden[name] = value;
        const field = Object.assign(document.createElement('input'), { type: 'hidden', name, value });
        element.append(field);
      }
    },
    onSuccess: (callback) => (callbacks.push(callback), form),
    render() {
      for (const old of element.querySelectorAll('.mktoFormRow')) old.remove();
      const row = Object.assign(document.createElement('div'), { className: 'mktoFormRow' });
      row.innerHTML = '<input name="Email" type="email"><input name="FirstName"><button type="submit" class="mktoButton">Send</button>';
      element.append(row);
      form.setValues(values);
      for (const callback of rendered) callback(form);
    },
    async submit() {
      await fetch(endpoint, { method: 'POST', mode: 'no-cors', body: new URLSearchParams(form.getValues()) });
      // Each is called, and one that returns `false` keeps the visitor here.
      const isKept = callbacks.map((callback) => callback(form.getValues(), '/thanks')).includes(false);
      if (!isKept) location.href = '/thanks';
    },
  };
  element.addEventListener('input', ({ target }) => {
    if (target.name in values) values[target.name] = target.value;
  });
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    void form.submit();
  });
  return form;
}

window.MktoForms2 = {
  loadForm(baseUrl, munchkinId, id, callback) {
    setTimeout(() => {
      const form = createForm(id);
      form.render();
      all.push(form);
      callback?.(form);
      for (const each of ready) each(form);
    }, 50);
  },
  allForms: () => all,
  getForm: (id) => all.find((form) => form.getId() === id),
  whenReady(callback) {
    ready.push(callback);
    all.forEach(callback);
  },
  onFormRender: (callback) => rendered.push(callback),
  whenRendered(callback) {
    rendered.push(callback);
    all.forEach(callback);
  },
};
