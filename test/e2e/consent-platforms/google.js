/**
 * A banner of the site's own that speaks Google consent mode, without Google's tags.
 * https://developers.google.com/tag-platform/security/guides/consent
 */
window.dataLayer = window.dataLayer || [];
function gtag() {
  // oxlint-disable-next-line prefer-rest-params
  dataLayer.push(arguments);
}
{
  const denied = { analytics_storage: 'denied', ad_storage: 'denied', ad_user_data: 'denied', ad_personalization: 'denied' };
  const granted = { analytics_storage: 'granted', ad_storage: 'granted', ad_user_data: 'granted', ad_personalization: 'granted' };
  const CHOICES = { all: granted, measure: { ...denied, analytics_storage: 'granted' }, none: denied };
  gtag('consent', 'default', { ...denied, wait_for_update: 500 });
  if (window.name) gtag('consent', 'update', CHOICES[window.name]);
  document.addEventListener('click', ({ target }) => {
    if (!target.dataset.choice) return;
    window.name = target.dataset.choice;
    gtag('consent', 'update', CHOICES[window.name]);
  });
}
