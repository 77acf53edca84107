import { expect, test } from 'vitest';
import { formVendor } from './vendors.ts';

test.each([
  ['https://share-eu1.hsforms.com/1abc', 'docs/forms/hubspot.md'],
  ['https://js.hsforms.net/ui-forms-embed/index.html', 'docs/forms/hubspot.md'],
  ['https://app-ab12.marketo.com/index.php/leadCapture/save2', 'docs/forms/marketo.md'],
  ['https://go.example.com/l/1234/2026-01-01/abc', 'docs/forms/pardot.md'],
  // "go." is the usual name of a tracker domain, and of much else: its addresses tell.
  ['https://go.example.com/l/1234567/2026-01-01/3abc?x=1', 'docs/forms/pardot.md'],
  ['https://go.example.com/signup', undefined],
  ['https://go.example.com/', undefined],
  ['https://go.example.com/l/about', undefined],
  ['https://go.pardot.com/anything', 'docs/forms/pardot.md'],
  ['https://webto.salesforce.com/servlet/servlet.WebToLead?encoding=UTF-8', 'docs/forms/salesforce-web-to-lead.md'],
  ['https://form.typeform.com/to/abc', 'docs/forms/typeform.md'],
  ['https://www.youtube.com/embed/abc', undefined],
  ['https://nothsforms.com/', undefined],
  ['/contact', undefined],
  ['', undefined],
])('a form of %s: %s', (address, page) => expect(formVendor(address)?.page).toBe(page));
