/*
 * Stands in for Webflow's forms: `method="get"`, but sent by script, which reads the fields itself and hides the form.
 */
const form = document.querySelector('.w-form form');

form.addEventListener('submit', (event) => {
  event.preventDefault();
  const fields = [...form.querySelectorAll('input:not([type=submit])')].map((field) => [field.dataset.name ?? field.name, field.value]);
  void fetch('/crm', { method: 'POST', body: new URLSearchParams(fields) }).then(() => (form.style.display = 'none'));
});
