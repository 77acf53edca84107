import { guarded } from '../attempt.ts';
import { more } from '../extension.ts';
import { fillData, fillForms, keepFilled, type Root } from './fill.ts';
import { reportSubmission } from './submission.ts';

/**
 * Keeps the forms of a document or shadow root filled, and reports their submissions. It does not stop or repeat
 * a submit.
 */
export function watchForms(root: Root): void {
  const on = (type: string, react: (event: Event) => unknown) => root.addEventListener(type, guarded(react), true);
  on('submit', (event) => {
    fillForms();
    reportSubmission(event as SubmitEvent);
  });
  on('formdata', (event) => fillData(event as FormDataEvent));
  on('focusin', (event) => event.composedPath()[0] !== event.target && more());
  keepFilled(root);
}
