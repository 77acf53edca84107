/*
 * Stands in for Typeform's embed script as documented on https://github.com/Typeform/embed: elements with `data-tf-widget` or
 * `data-tf-popup`, hidden fields as `a=1,b=2` with an escaped comma, handed over in the fragment of the iframe's address.
 */
const origin = new URL(document.currentScript.src).origin;

function createIframe(element, formId) {
  const record = {};
  for (const entry of (element.getAttribute('data-tf-hidden') ?? '').split(/(?<!\\),/)) {
    const match = /^([^=]+)=(.*)$/.exec(entry);
    if (match) record[match[1].trim()] = match[2].replaceAll('\\,', ',');
  }
  const frame = document.createElement('iframe');
  const hash = String(new URLSearchParams(record));
  frame.src = `${origin}/to/${formId}?typeform-embed-id=${Math.floor(performance.now() * 1000)}&typeform-embed=embed${hash && `#${hash}`}`;
  return frame;
}

for (const element of document.querySelectorAll('[data-tf-widget]')) element.append(createIframe(element, element.dataset.tfWidget));
for (const element of document.querySelectorAll('[data-tf-popup]')) {
  // Made now, shown later.
  const frame = createIframe(element, element.dataset.tfPopup);
  element.addEventListener('click', () => {
    document.body.append(frame);
    frame.focus();
  });
}
