/**
 * What Google Tag Manager does to the page, with a consent template inside: it puts its own `push` into the data layer, which
 * calls the one it found and then works the entries off, keeps the consent in `google_tag_data.ics`, and its template updates
 * the consent there without the data layer.
 * https://developers.google.com/tag-platform/tag-manager/templates/consent-apis ; the store as Microsoft Clarity reads it:
 * https://github.com/microsoft/clarity/blob/master/packages/clarity-js/src/data/consent.ts
 */
{
  const layer = (window.dataLayer = window.dataLayer || []);
  const entries = {};
  const listeners = [];
  const set = (settings, kind) => {
    for (const [type, value] of Object.entries(settings)) {
      if (type !== 'region' && type !== 'wait_for_update') (entries[type] ??= {})[kind] = value === 'granted';
    }
    for (const [types, listener] of listeners) if (types.some((type) => type in settings)) listener();
  };
  window.google_tag_data = {
    ics: {
      entries,
      addListener: (types, listener) => listeners.push([types, listener]),
      getConsentState: (type) => [0, 1, 2][[undefined, true, false].indexOf(entries[type]?.update ?? entries[type]?.default)],
    },
  };
  const workOff = (entry) => {
    if (entry[0] === 'consent') set(entry[2], entry[1]);
  };
  layer.forEach(workOff);
  const push = layer.push;
  layer.push = function (...items) {
    const length = push.apply(layer, items);
    items.forEach(workOff);
    // Google keeps the last 300 entries.
    while (layer.length > 300) layer.shift();
    return length;
  };

  // The consent template: setDefaultConsentState and updateConsentState.
  const denied = { analytics_storage: 'denied', ad_storage: 'denied', ad_user_data: 'denied', ad_personalization: 'denied' };
  const granted = { analytics_storage: 'granted', ad_storage: 'granted', ad_user_data: 'granted', ad_personalization: 'granted' };
  const CHOICES = { all: granted, measure: { ...denied, analytics_storage: 'granted' }, none: denied };
  set(denied, 'default');
  layer.push({ event: 'gtm.init_consent' });
  if (window.name) set(CHOICES[window.name], 'update');
  document.addEventListener('click', ({ target }) => {
    if (!target.dataset.choice) return;
    window.name = target.dataset.choice;
    set(CHOICES[window.name], 'update');
  });
}
