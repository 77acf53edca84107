import { attempt } from '../attempt.ts';
import type { Core } from '../extension.ts';
import { unlessThere, wrapGlobal } from '../shims/globals.ts';

type Data = Readonly<Record<string, unknown>>;
type Method = (...args: unknown[]) => unknown;
type Methods = Record<string, Method>;
/** `mixpanel` as its snippet makes it: a list of calls with methods that add to it; and as the library makes it. */
type Mixpanel = Record<string, unknown> & { people?: Record<string, unknown> };

const KEY = 'touchtrail_mixpanel';

/**
 * Understands what a page says to Mixpanel. Where Mixpanel's library is on the page it goes on working; where it is not, its
 * methods are there all the same. Super properties are kept in the browser as consent allows.
 * Source: docs.mixpanel.com/docs/tracking-methods/sdks/javascript
 */
export default function mixpanel({ options, touchtrail, mayStore }: Core): void {
  const page = window as unknown as { mixpanel: Mixpanel };
  const isThere = () => page.mixpanel['__loaded'];
  const callBack = (args: readonly unknown[]) =>
    unlessThere(
      isThere,
      args.find((value) => typeof value === 'function'),
    );

  let registered: Data = {};
  const common = (): Data => ({
    ...(attempt(() => mayStore() && JSON.parse(localStorage.getItem(KEY)!)) as Data | undefined),
    ...registered,
  });
  const keep = (properties: Data) => {
    registered = properties;
    attempt(() => mayStore() && localStorage.setItem(KEY, JSON.stringify(properties)));
  };

  const begun: Record<string, number> = {};
  /** `(name, value)` or an object of them; Mixpanel marks its own names by `$`. */
  const members = (name: unknown, value: unknown): Data =>
    Object.fromEntries(
      Object.entries(typeof name === 'string' ? { [name]: value } : (name as Data)).map(([key, member]) => [
        key.replace(/^\$/, ''),
        member,
      ]),
    );
  const onElements =
    (type: string): Method =>
    (query, event, properties) => {
      const listen = () => {
        const found = typeof query === 'string' ? document.querySelectorAll(query) : [query].flat();
        for (const element of found as Iterable<Element>)
          element.addEventListener(
            type,
            () => {
              const data = (typeof properties === 'function' ? (properties as Method)(element) : properties) as Data;
              // The library calls `track` by itself.
              if (!isThere()) touchtrail.track(event, { ...common(), ...data });
            },
            true,
          );
      };
      if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', listen);
      else listen();
    };

  const methods: Methods = {
    init: (_token, config) =>
      unlessThere(isThere, (config as Data | undefined)?.['loaded'] && (() => (config as Methods)['loaded']!(page.mixpanel))),
    track(event, properties, ...rest) {
      const name = String(event);
      // What the library measures by itself, we do, too.
      if (name.startsWith('$mp_')) return;
      const start = begun[name];
      delete begun[name];
      touchtrail.track(name, {
        ...common(),
        ...(start && { $duration: Math.round(performance.now() - start) / 1000 }),
        ...(properties as Data),
      });
      callBack(rest);
    },
    // Else the tracker has sent the view.
    track_pageview: (properties) => void (options.page === 'false' && touchtrail.page({ ...common(), ...(properties as Data) })),
    track_links: onElements('click'),
    track_forms: onElements('submit'),
    time_event: (event) => (begun[String(event)] = performance.now()),
    identify: (id) => void (id && touchtrail.identify(id)),
    alias: (alias, original) => touchtrail.alias(alias, original),
    register: (properties) => keep({ ...common(), ...(properties as Data) }),
    register_once: (properties, standard = 'None') =>
      keep({ ...(properties as Data), ...Object.fromEntries(Object.entries(common()).filter(([, value]) => value !== standard)) }),
    unregister(name) {
      const { [String(name)]: _, ...rest } = common();
      keep(rest);
    },
    get_property: (name) => common()[String(name)],
    get_distinct_id: () => touchtrail.user().id() ?? touchtrail.getAnonymousId(),
    reset() {
      keep({});
      touchtrail.reset();
    },
    opt_out_tracking: () => void touchtrail.consent('denied'),
    opt_in_tracking: () => void touchtrail.consent('granted'),
    has_opted_out_tracking: () => touchtrail.consent() === 'denied',
    has_opted_in_tracking: () => touchtrail.consent() === 'granted',
  };
  const people: Methods = {
    set(name, value, ...rest) {
      touchtrail.identify(members(name, value));
      callBack([value, ...rest]);
    },
    set_once(name, value, ...rest) {
      touchtrail.identify({ ...members(name, value), ...touchtrail.user().traits() });
      callBack([value, ...rest]);
    },
    track_charge(amount, properties, ...rest) {
      touchtrail.track('Charge', { ...common(), value: Number(amount), ...(typeof properties === 'object' ? properties : {}) });
      callBack([properties, ...rest]);
    },
  };
  const ignored = (name: string) => () => void (options.debug && console.warn(`touchtrail: mixpanel.${name} is not understood`));
  for (const name of 'disable name_tag set_config track_with_groups add_group set_group remove_group get_group clear_opt_in_out_tracking'.split(
    ' ',
  ))
    methods[name] = ignored(name);
  for (const name of 'unset increment append union remove clear_charges delete_user'.split(' ')) people[name] = ignored(`people.${name}`);

  let isInside = false;
  /** A method that does ours and then theirs. What theirs calls in turn is its own affair. */
  const both = (ours: Method, theirs: Method): Method =>
    function (this: unknown, ...args) {
      if (isInside) return theirs.apply(this, args);
      attempt(() => ours(...args));
      isInside = true;
      try {
        return theirs.apply(this, args);
      } finally {
        isInside = false;
      }
    };

  const takeStub = (stub: Record<string, unknown>, ours: Methods) => {
    const run = (call: unknown) => {
      if (Array.isArray(call)) attempt(() => ours[String(call[0])]?.(...(call.slice(1) as unknown[])));
      else unlessThere(isThere, call);
    };
    const calls = stub as unknown as unknown[];
    calls.forEach(run);
    stub['push'] = both((...added) => added.forEach(run), calls.push);
    for (const [name, method] of Object.entries(ours)) stub[name] ??= method;
    return stub;
  };

  wrapGlobal('mixpanel', (value) => {
    const found = (value ?? []) as Mixpanel;
    if (!found['__loaded']) {
      for (const [token, config] of (found['_i'] ?? []) as unknown[][]) methods['init']!(token, config);
      takeStub(found, methods);
      takeStub((found.people ??= [] as unknown as Methods), people);
      return found;
    }
    for (const [target, ours] of [
      [found, methods],
      [found.people ?? {}, people],
    ] as const)
      for (const [name, method] of Object.entries(ours)) {
        const theirs = target[name];
        // The library tracks the links itself, by a call of `track`.
        if (typeof theirs === 'function' && !/^(?:init|track_links|track_forms)$/.test(name)) target[name] = both(method, theirs as Method);
      }
    return found;
  });
}
