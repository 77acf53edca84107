import type { Core } from './extension.ts';

/**
 * Whether nothing may be kept that leads to a person or an ad platform, e-mail hashes and click ids: consent was denied, or the
 * browser sends Global Privacy Control (do not sell or share), the site has not set it aside, and the visitor has not said
 * otherwise. Source: https://w3c.github.io/gpc/
 */
export function isRestricted({ options, touchtrail, hasChosen }: Pick<Core, 'options' | 'touchtrail' | 'hasChosen'>): boolean {
  const { globalPrivacyControl } = navigator as { readonly globalPrivacyControl?: boolean };
  return touchtrail.consent() === 'denied' || (!!globalPrivacyControl && options.gpc !== 'ignore' && !hasChosen());
}
