/**
 * OneTrust with an opt-in banner: its groups, methods and events.
 * https://developer.onetrust.com/onetrust/docs/javascript-api
 * https://developer.onetrust.com/onetrust/docs/javascript-events-guide
 */
{
  const CHOICES = { all: ['C0001', 'C0002', 'C0003', 'C0004'], measure: ['C0001', 'C0002'], none: ['C0001'] };
  const callbacks = [];
  const groups = () => CHOICES[window.name] ?? CHOICES.none;
  const tell = () => {
    window.OnetrustActiveGroups = `,${groups().join(',')},`;
    window.dispatchEvent(new CustomEvent('OneTrustGroupsUpdated', { detail: groups() }));
  };
  window.OneTrust = {
    IsAlertBoxClosed: () => !!window.name,
    OnConsentChanged: (callback) => callbacks.push(callback),
    GetDomainData: () => ({ ShowAlertNotice: true, ConsentModel: { Name: 'opt-in' } }),
  };
  setTimeout(tell);
  document.addEventListener('click', ({ target }) => {
    if (!target.dataset.choice) return;
    window.name = target.dataset.choice;
    tell();
    for (const callback of callbacks) callback(new CustomEvent('consent.onetrust', { detail: groups() }));
  });
}
