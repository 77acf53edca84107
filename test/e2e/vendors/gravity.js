/*
 * Stands in for Gravity Forms 2.9 as documented on https://docs.gravityforms.com/gform-submission and
 * https://docs.gravityforms.com/gform-postrender: a form of two pages that is drawn anew between them, and a submit that is
 * held back for asynchronous filters and then done by `form.submit()`.
 */
const container = document.querySelector('#gform_wrapper_3');

function render(page) {
  container.innerHTML = `<form method="post" id="gform_3" action="/crm" data-formid="3"><input name="input_7" type="hidden" value="">
    <input name="input_2" value="Engine">${page === 1 ? '<button type="button">Next</button>' : '<input name="input_1" type="text" autocomplete="email"><button type="submit">Submit</button>'}
    </form>`;
  const form = container.querySelector('form');
  form.querySelector('[type=button]')?.addEventListener('click', () => render(2));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    setTimeout(() => form.submit(), 20);
  });
  document.dispatchEvent(new CustomEvent('gform/post_render', { detail: { formId: 3, currentPage: page } }));
}
render(1);
