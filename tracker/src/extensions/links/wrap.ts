import { attempt } from '../../attempt.ts';

type Method = (...args: never[]) => unknown;

/** Puts a function in the place of a method, in whose name, arity and properties nothing changes; a page that does not allow it keeps its own. */
export function wrap<Name extends string>(
  object: Record<Name, Method>,
  name: Name,
  apply: (method: Method, self: unknown, args: unknown[]) => unknown,
): void {
  attempt(() => (object[name] = new Proxy(object[name], { apply })));
}
