import { attempt } from '../attempt.ts';
import type { Core } from '../extension.ts';

/** Tells the core of new addresses where the browser has no Navigation API: Chrome before 102, Safari before 26.2, Firefox before 147. */
export default function history({ look }: Core): void {
  const later = () => void setTimeout(look);
  addEventListener('popstate', later);
  addEventListener('hashchange', later);
  for (const name of ['pushState', 'replaceState'] as const) {
    // A page may have frozen its history.
    attempt(() => {
      const original = window.history[name];
      window.history[name] = function (data, unused, ...url) {
        original.call(this, data, unused, ...url);
        later();
      };
    });
  }
}
