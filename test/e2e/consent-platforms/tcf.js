/**
 * A consent platform with IAB TCF 2.2: the stub that queues calls, then the platform itself, whose dialog answers to the
 * buttons of the page. It remembers the choice in the window's name, so that storage stays empty.
 * https://github.com/InteractiveAdvertisingBureau/GDPR-Transparency-and-Consent-Framework/blob/master/TCFv2/IAB%20Tech%20Lab%20-%20CMP%20API%20v2.md
 */
{
  const queue = [];
  window['__tcfapi'] = (...call) => queue.push(call);

  const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  const CHOICES = { all: ALL, measure: [1, 8, 9], none: [] };
  const bases = (...lists) => {
    const [consents, legitimateInterests] = lists.map((ids) => Object.fromEntries(ALL.map((id) => [id, ids.includes(id)])));
    return { consents, legitimateInterests };
  };
  const listeners = new Map();
  let eventStatus = window.name ? 'tcloaded' : 'cmpuishown';

  const data = (listenerId) => ({
    tcString: 'CPokAsAPokAsAPOAAAENCbCAAAAAAAAAAAAAAAAAAAAA',
    tcfPolicyVersion: 5,
    gdprApplies: true,
    cmpStatus: 'loaded',
    eventStatus,
    listenerId,
    isServiceSpecific: true,
    purposeOneTreatment: false,
    // While the dialog is shown, consents are false and the disclosed legitimate interests true.
    purpose: bases(CHOICES[window.name] ?? [], eventStatus === 'cmpuishown' ? [2, 7, 8, 9, 10, 11] : []),
    publisher: bases([], []),
    vendor: { consents: {}, legitimateInterests: {} },
  });
  const api = (command, version, callback, parameter) => {
    if (command === 'ping') callback({ gdprApplies: true, cmpLoaded: true, cmpStatus: 'loaded', apiVersion: '2.2' });
    else if (command === 'removeEventListener') callback(listeners.delete(parameter));
    else if (command === 'addEventListener') {
      const id = listeners.size + 1;
      listeners.set(id, callback);
      callback(data(id), true);
    } else callback(null, false);
  };
  const decide = (choice) => {
    window.name = choice;
    eventStatus = 'useractioncomplete';
    for (const [id, listener] of listeners) listener(data(id), true);
  };

  // The platform itself loads later than its stub.
  setTimeout(() => {
    window['__tcfapi'] = api;
    for (const call of queue) api(...call);
  });
  document.addEventListener('click', ({ target }) => target.dataset.choice && decide(target.dataset.choice));
}
