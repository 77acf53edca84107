import { describe, expect, it } from 'vitest';
import { type ConsentDetails, readCookiebot, readOneTrust, readUsercentrics } from './platforms.ts';

describe('Cookiebot', () => {
  const consent = { necessary: true, preferences: false, statistics: false, marketing: false, method: null as string | null };
  it.each([
    ['has not run: the name is the script element', {}, 1],
    ['has no response', { hasResponse: false, consent }, 1],
    ['all accepted', { hasResponse: true, consent: { ...consent, statistics: true, marketing: true, method: 'explicit' } }, 3],
    ['statistics accepted, marketing not', { hasResponse: true, consent: { ...consent, statistics: true, method: 'explicit' } }, 2],
    ['marketing accepted, statistics not', { hasResponse: true, consent: { ...consent, marketing: true, method: 'explicit' } }, 0],
    ['declined', { hasResponse: true, consent: { ...consent, method: 'explicit' } }, 0],
    ['nobody had to be asked', { hasResponse: true, consent: { ...consent, statistics: true, marketing: true, method: 'implied' } }, 2],
  ])('%s', (_, cookiebot, standing) => {
    expect(readCookiebot(cookiebot)).toBe(standing);
  });

  it('is asked for another category where the site says so', () => {
    expect(readCookiebot({ hasResponse: true, consent: { ...consent, preferences: true } }, 'preferences')).toBe(2);
  });
});

const oneTrust = (isClosed: boolean, Name = 'opt-in') => ({
  IsAlertBoxClosed: () => isClosed,
  GetDomainData: () => ({ ConsentModel: { Name } }),
});

describe('OneTrust', () => {
  it.each([
    ['has not run: the name holds settings of the site', {}, undefined, 1],
    ['undecided', oneTrust(false), ',C0001,', 1],
    ['all accepted', oneTrust(true), ',C0001,C0002,C0003,C0004,', 3],
    ['performance accepted, targeting not', oneTrust(true), ',C0001,C0002,', 2],
    ['refused', oneTrust(true), ',C0001,', 0],
    ['opt-out: not asked', oneTrust(false, 'opt-out'), ',C0001,C0002,C0004,', 2],
    ['opt-out: the notice was closed', oneTrust(true, 'opt-out'), ',C0001,C0002,C0004,', 2],
    ['opt-out: opted out', oneTrust(true, 'opt-out'), ',C0001,', 0],
  ])('%s', (_, platform, groups, standing) => {
    expect(readOneTrust(platform, groups)).toBe(standing);
  });
});

const details = (status: string, type: string, given?: boolean): ConsentDetails => ({
  consent: { status, type },
  services: {
    HkocEodjb7: { name: 'Google Analytics', consent: { given: true } },
    ...(given !== undefined && { xYz12: { name: 'Touchtrail', consent: { given } } }),
  },
});

describe('Usercentrics', () => {
  it.each([
    ['undecided', details('ALL_DENIED', 'IMPLICIT', false), 1],
    ['all accepted', details('ALL_ACCEPTED', 'EXPLICIT', true), 3],
    ['this service accepted, others not', details('SOME_ACCEPTED', 'EXPLICIT', true), 2],
    ['this service refused, others not', details('SOME_DENIED', 'EXPLICIT', false), 0],
    ['all denied', details('ALL_DENIED', 'EXPLICIT', false), 0],
    ['nobody had to be asked', details('ALL_ACCEPTED', 'IMPLICIT', true), 2],
    ['the service is not listed, all accepted', details('ALL_ACCEPTED', 'EXPLICIT'), 3],
    ['the service is not listed, some accepted', details('SOME_ACCEPTED', 'EXPLICIT'), 0],
  ])('%s', (_, given, standing) => {
    expect(readUsercentrics(given)).toBe(standing);
  });

  it('is asked for another service where the site says so', () => {
    expect(readUsercentrics(details('SOME_ACCEPTED', 'EXPLICIT', false), 'Google Analytics')).toBe(2);
  });
});
