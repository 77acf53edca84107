import { attempt } from '../../attempt.ts';
import { wrap } from '../links/wrap.ts';

/**
 * Changes the address of this page whenever the page itself has changed it by the History API, in the same entry.
 * An address that was changed and taken back at once is left as it is: two scripts must not correct each other for ever.
 */
export function watchAddress(change: (address: string) => string): void {
  const { navigation } = window as Partial<Pick<Window, 'navigation'>>;
  let latest: string | undefined;
  let isIntercepted = false;

  const replace = () => {
    const address = change(location.href);
    if (address === location.href || address === latest || isIntercepted) return;
    latest = address;
    history.replaceState(history.state, '', address);
  };
  const amend = () => attempt(replace);

  if (navigation) {
    // What an application handles by the Navigation API stays its own: a change while it works would abort it, and one
    // after it would be another page view, and lose the state of the entry.
    navigation.addEventListener('currententrychange', () => (isIntercepted = !!navigation.transition));
    // A moment before the tracker looks at the address.
    navigation.addEventListener('navigatesuccess', amend);
    return;
  }
  // Safari before 26.2 and Firefox before 147 tell nobody.
  addEventListener('popstate', amend);
  for (const name of ['pushState', 'replaceState'] as const) {
    wrap(history, name, (method, self, args) => {
      Reflect.apply(method, self, args);
      amend();
    });
  }
}
