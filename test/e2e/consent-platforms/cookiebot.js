/**
 * Cookiebot: its properties and events. https://www.cookiebot.com/en/developer/
 */
{
  const CHOICES = { all: [true, true, true], measure: [false, true, false], none: [false, false, false] };
  const cookiebot = {
    consent: { necessary: true, preferences: false, statistics: false, marketing: false, method: null },
    consented: false,
    declined: false,
    hasResponse: false,
  };
  const take = (choice) => {
    const [preferences, statistics, marketing] = CHOICES[choice];
    Object.assign(cookiebot.consent, { preferences, statistics, marketing, method: 'explicit' });
    Object.assign(cookiebot, { consented: choice !== 'none', declined: choice === 'none', hasResponse: true });
  };
  const tell = () => {
    for (const name of [cookiebot.consented ? 'CookiebotOnAccept' : 'CookiebotOnDecline', 'CookiebotOnConsentReady']) {
      window.dispatchEvent(new Event(name));
    }
  };
  // The script works asynchronously after its download.
  setTimeout(() => {
    window.Cookiebot = cookiebot;
    if (!window.name) return;
    take(window.name);
    tell();
  });
  document.addEventListener('click', ({ target }) => {
    if (!target.dataset.choice) return;
    window.name = target.dataset.choice;
    take(window.name);
    tell();
  });
}
