/**
 * Usercentrics 3 with the services Touchtrail and Google Ads: its methods and events.
 * https://usercentrics.com/docs/web/implementation/ui/control-functionality/
 * https://usercentrics.com/docs/web/implementation/ui/interfaces/ and, for the event, …/features/events/uc-consent/
 */
{
  const CHOICES = { all: [true, true], measure: [true, false], none: [false, false] };
  let isInitialized = false;
  const details = () => {
    const [measures, advertises] = CHOICES[window.name] ?? CHOICES.none;
    const type = window.name ? 'EXPLICIT' : 'IMPLICIT';
    const service = (name, given) => ({ name, version: '1.0.0', category: 'marketing', essential: false, consent: { given, type } });
    return {
      consent: { status: measures ? (advertises ? 'ALL_ACCEPTED' : 'SOME_ACCEPTED') : 'ALL_DENIED', required: true, type },
      services: { fH2kd8sL1: service('Touchtrail', measures), twMyStLkn: service('Google Ads', advertises) },
      categories: { marketing: { state: measures && advertises ? 'ALL_ACCEPTED' : 'ALL_DENIED' } },
    };
  };
  const tell = () => window.dispatchEvent(new CustomEvent('UC_CONSENT', { detail: details() }));
  window['__ucCmp'] = {
    isInitialized: async () => isInitialized,
    getConsentDetails: async () => {
      if (!isInitialized) throw new Error('The CMP is not initialized.');
      return details();
    },
  };
  setTimeout(() => {
    isInitialized = true;
    window.dispatchEvent(new CustomEvent('UC_UI_INITIALIZED'));
    tell();
  });
  document.addEventListener('click', ({ target }) => {
    if (!target.dataset.choice) return;
    window.name = target.dataset.choice;
    tell();
  });
}
