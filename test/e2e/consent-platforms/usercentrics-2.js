/**
 * Usercentrics 2 with the window event `ucEvent`, as it is named in its administration, and the service Touchtrail.
 * https://usercentrics.com/docs/web/features/v2/events_v2/events_v2/
 */
{
  const CHOICES = { all: [true, true], measure: [true, false], none: [false, false] };
  const tell = (action) => {
    const [measures, advertises] = CHOICES[window.name] ?? CHOICES.none;
    const detail = {
      action,
      event: 'consent_status',
      type: window.name ? 'explicit' : 'implicit',
      Touchtrail: measures,
      'Google Ads': advertises,
      ucCategory: { essential: true, marketing: measures === advertises ? measures : null },
    };
    window.dispatchEvent(new CustomEvent('ucEvent', { detail }));
  };
  window.UC_UI = { isInitialized: () => true };
  setTimeout(() => tell('onInitialPageLoad'));
  document.addEventListener('click', ({ target }) => {
    if (!target.dataset.choice) return;
    window.name = target.dataset.choice;
    tell('onUpdateServices');
  });
}
