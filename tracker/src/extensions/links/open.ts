import { attempt } from '../../attempt.ts';
import { wrap } from './wrap.ts';

/** Changes the address of each window that the page opens. It is never undone: another script may have wrapped `open` in turn. */
export function watchOpen(change: (address: string, base: string) => string): void {
  wrap(window, 'open', (open, self, args) => {
    if (args[0]) args[0] = attempt(() => change(String(args[0]), document.baseURI)) ?? args[0];
    return Reflect.apply(open, self, args);
  });
}
