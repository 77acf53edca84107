/**
 * What the snippets and libraries of Google and Mixpanel do on a page, as far as their documentation and published snippets
 * say: scripts of a fixture page, written for these tests. The libraries note in `received` what they would have sent.
 */

/** The snippet of analytics.js: a function that queues calls in `ga.q`. */
export const GA_SNIPPET = `
  window.GoogleAnalyticsObject = 'ga';
  window.ga = window.ga || function () { (ga.q = ga.q || []).push(arguments); };
  ga.l = Date.now();`;

/** analytics.js: executes the queue, then takes the place of the stub; calls back ready and hit callbacks. */
export const GA_LIBRARY = `{
  const received = (window.received = []);
  const execute = (args) => {
    if (typeof args[0] === 'function') return args[0]({ get: () => 'from-google' });
    received.push([...args].map((arg) => (typeof arg === 'object' ? Object.keys(arg).join() : arg)));
    const fields = args[args.length - 1];
    if (fields && fields.hitCallback) setTimeout(fields.hitCallback);
  };
  const queue = window.ga.q || [];
  window.ga = function () { execute(arguments); };
  window.ga.loaded = true;
  window.ga.getAll = () => [{}];
  queue.forEach(execute);
}`;

/** The snippet of gtag.js. */
export const GTAG_SNIPPET = `
  window.dataLayer = window.dataLayer || [];
  function gtag() { dataLayer.push(arguments); }
  gtag('js', new Date());`;

/**
 * Tag Manager: processes what is in the data layer, then takes the place of \`push\`: calls the former one, keeps the list
 * short, and answers whether all went well. A tag that fires on \`outer\` pushes \`inner\` while \`outer\` is processed.
 */
export const TAG_MANAGER = `{
  window.google_tag_manager = {};
  const layer = (window.dataLayer = window.dataLayer || []);
  const received = (window.received = []);
  const process = (entry) => {
    received.push(entry.event || entry[1]);
    if (entry.event === 'outer') layer.push({ event: 'inner' });
    const callback = entry.eventCallback || (entry[2] && entry[2].event_callback);
    if (callback) setTimeout(callback);
  };
  const former = layer.push;
  layer.push = function () {
    const entries = [].slice.call(arguments, 0);
    former.apply(layer, entries);
    while (this.length > 300) this.shift();
    entries.forEach(process);
    return true;
  };
  layer.slice().forEach(process);
}`;

/** The snippet of Mixpanel: a list with methods that add calls to it. */
export const MIXPANEL_SNIPPET = `{
  const stub = (window.mixpanel = window.mixpanel || []);
  stub._i = [];
  stub.init = (token, config, name) => {
    stub.people = stub.people || [];
    const defer = (list, name) => { list[name] = (...args) => { list.push([name, ...args]); }; };
    for (const name of ['track', 'time_event', 'track_pageview', 'track_links', 'track_forms', 'register', 'register_once', 'alias', 'unregister',
      'identify', 'reset', 'opt_out_tracking', 'opt_in_tracking']) defer(stub, name);
    for (const name of ['set', 'set_once', 'track_charge']) defer(stub.people, name);
    stub._i.push([token, config, name]);
  };
  stub.__SV = 1.2;
  mixpanel.init('token', window.mixpanelConfig || {});
}`;

/** Mixpanel's library: executes the queue, then takes the place of the stub. Its methods call one another. */
export const MIXPANEL_LIBRARY = `{
  const received = (window.received = []);
  const stub = window.mixpanel;
  const library = {
    __loaded: true,
    track(name, properties, callback) {
      received.push(['track', name]);
      if (typeof callback === 'function') setTimeout(callback, 0, 1);
    },
    identify(id) {
      received.push(['identify', id]);
      this.register({ $user_id: id, distinct_id: id });
    },
    register(properties) { received.push(['register', ...Object.keys(properties)]); },
    track_pageview() { this.track('$mp_web_page_view'); },
    track_links(query, name) {
      document.querySelectorAll(query).forEach((link) => link.addEventListener('click', () => this.track(name)));
    },
    get_distinct_id: () => 'from-mixpanel',
    push(call) { library[call[0]].apply(library, call.slice(1)); },
    people: { set(properties) { received.push(['people.set', ...Object.keys(properties)]); } },
  };
  stub.forEach((call) => library.push(call));
  (stub.people || []).forEach(([name, ...args]) => library.people[name](...args));
  window.mixpanel = library;
  for (const [, config] of stub._i) if (config.loaded) config.loaded(library);
}`;
