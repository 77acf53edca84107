import { expect, test } from 'vitest';
import { checkConfig } from './check.ts';
import { UserError } from './user-error.ts';

const project = { name: 'Fernhill', timeZone: 'Europe/Berlin', currency: 'EUR' };
const when = { medium: { equals: 'cpc' } };
const rule = { channel: 'Brand', when };
const rules = (...given: unknown[]) => ({ project, channels: { rules: given } });

/** The lines of the message under its heading; undefined where the config is right. */
function problems(config: unknown): string[] | undefined {
  try {
    checkConfig(config, '/nowhere', 'touchtrail.config.ts');
    return undefined;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.exitCode).toBe(2);
    return error.message
      .split('\n')
      .slice(1)
      .map((line) => line.trim());
  }
}

test('everything at once is accepted, and what is left out has its default', () => {
  const channels = {
    rules: [
      { channel: 'Brand', when: { campaign: { matches: String.raw`\bbrand\b` }, medium: { in: ['cpc', 'ppc'] } } },
      { channel: 'Paid Search', when: { any: [{ clickId: { equals: 'gclid' } }, { adPlatform: { equals: 'microsoft_ads' } }] } },
      { channel: 'Partners', when: { all: [{ landingPath: { startsWith: '/p/' } }, { referrerHost: { contains: 'partner' } }] } },
      { channel: 'Own', when: { clickId: { equals: 'PARTNER_ID' } } },
    ],
    sites: { search: ['suche.example', 'find.*', 'finder'], excluded: ['pay.example'] },
    mediums: { Newsletter: 'email' },
    clickIds: { partner_id: { source: 'partner', medium: 'affiliate', platform: 'partners' } },
  };
  expect(problems({ project, channels })).toBeUndefined();
  const config = checkConfig({ project, channels }, '/nowhere', 'touchtrail.config.ts');
  expect(config.channels.clickIds['partner_id']?.adsOnly).toBe(true);
  expect(config.channels.sites.social).toEqual([]);
  expect(checkConfig({ project }, '/nowhere', 'touchtrail.config.ts').channels).toEqual({
    rules: [],
    sites: { search: [], social: [], video: [], shopping: [], ai: [], mail: [], referral: [], excluded: [] },
    mediums: {},
    clickIds: {},
  });
});

test.each<[string, unknown, string[]]>([
  ['an unknown part', { project, channels: { rule: [] } }, ['channels.rule: []: unknown key; did you mean "rules"?']],
  [
    'an unknown field',
    rules({ channel: 'X', when: { campain: { equals: 'x' } } }),
    ['channels.rules[0].when.campain: {"equals":"x"}: unknown key; did you mean "campaign"?'],
  ],
  [
    'an unknown field in an alternative',
    rules({ channel: 'X', when: { any: [{ medum: { equals: 'x' } }] } }),
    ['channels.rules[0].when.any[0].medum: {"equals":"x"}: unknown key; did you mean "medium"?'],
  ],
  [
    'an unknown operator',
    rules({ channel: 'X', when: { source: { equal: 'x' } } }),
    ['channels.rules[0].when.source.equal: "x": unknown key; did you mean "equals"?'],
  ],
  [
    'two operators',
    rules({ channel: 'X', when: { source: { equals: 'x', contains: 'y' } } }),
    ['channels.rules[0].when.source: {"equals":"x","contains":"y"}: expected exactly one of equals, in, contains, startsWith, matches'],
  ],
  [
    'no operator',
    rules({ channel: 'X', when: { source: {} } }),
    ['channels.rules[0].when.source: {}: expected exactly one of equals, in, contains, startsWith, matches'],
  ],
  [
    'no condition',
    rules({ channel: 'X', when: {} }),
    [
      'channels.rules[0].when: {}: expected at least one of source, medium, campaign, referrerHost, landingPath, adPlatform, clickId, all, any',
    ],
  ],
  [
    'a text instead of a comparison',
    rules({ channel: 'X', when: { source: 'x' } }),
    ['channels.rules[0].when.source: "x": expected an object'],
  ],
  [
    'an empty text',
    rules({ channel: 'X', when: { source: { equals: '' } } }),
    ['channels.rules[0].when.source.equals: "": expected a text without spaces at its ends'],
  ],
  ['no name', rules({ channel: ' ', when }), ['channels.rules[0].channel: " ": expected a text without spaces at its ends']],
  [
    'a pattern that is none',
    rules({ channel: 'X', when: { source: { matches: '(' } } }),
    [
      String.raw`channels.rules[0].when.source.matches: "(": expected a regular expression that both warehouses read alike: no look-around, no back references, of the escapes only \b \B \d \D \s \S \w \W \t \n \r \f \v and punctuation`,
    ],
  ],
  [
    'a channel of the default group in other letters',
    rules({ channel: 'Paid search', when }),
    ['channels.rules[0].channel: "Paid search": "Paid Search" is spelt otherwise; expected one spelling of a channel'],
  ],
  [
    'a channel of two spellings',
    rules(rule, { channel: 'BRAND', when }),
    ['channels.rules[1].channel: "BRAND": "Brand" is spelt otherwise; expected one spelling of a channel'],
  ],
  [
    'a name that reports need',
    rules({ channel: '(Not attributed)', when }),
    ['channels.rules[0].channel: "(Not attributed)": reports have this name for conversions without a session; expected another one'],
  ],
  [
    'a click id that does not exist',
    rules({ channel: 'X', when: { clickId: { equals: 'gcild' } } }),
    ['channels.rules[0].when.clickId.equals: "gcild": no such click id; did you mean "gclid"?'],
  ],
  [
    'an ad platform that does not exist',
    rules({ channel: 'X', when: { all: [{ adPlatform: { in: ['google_ads', 'google_add'] } }] } }),
    ['channels.rules[0].when.all[0].adPlatform.in[1]: "google_add": no such ad platform; did you mean "google_ads"?'],
  ],
  [
    'a path without its slash',
    rules({ channel: 'X', when: { landingPath: { startsWith: 'lp/' } } }),
    ['channels.rules[0].when.landingPath.startsWith: "lp/": expected a path that begins with "/", such as "/pricing"'],
  ],
  [
    'a kind of site that does not exist',
    { project, channels: { sites: { serach: [] } } },
    ['channels.sites.serach: []: unknown key; did you mean "search"?'],
  ],
  [
    'an address in place of a site',
    { project, channels: { sites: { search: ['https://suche.example/q'] } } },
    [
      'channels.sites.search[0]: "https://suche.example/q": expected a host such as "suche.example", with "example.*" for all countries, or a name as in utm_source',
    ],
  ],
  [
    'a site beyond ASCII',
    { project, channels: { sites: { excluded: ['müller.example'] } } },
    [
      'channels.sites.excluded[0]: "müller.example": expected a host such as "xn--mller-kva.example", with "example.*" for all countries, or a name as in utm_source',
    ],
  ],
  [
    'a site of two kinds',
    { project, channels: { sites: { search: ['suche.example'], excluded: ['www.Suche.example'] } } },
    ['channels.sites.excluded[0]: "www.Suche.example": channels.sites.search[0] is the same; expected each site once'],
  ],
  [
    'an own domain as another site',
    { project, site: { domains: ['www.fernhill.example'] }, channels: { sites: { excluded: ['fernhill.example'] } } },
    ['channels.sites.excluded[0]: "fernhill.example": site.domains[0] is the same; expected each site once'],
  ],
  [
    'an own domain beyond ASCII',
    { project, site: { domains: ['müller.example'] } },
    ['site.domains[0]: "müller.example": expected a host name such as "xn--mller-kva.example"'],
  ],
  [
    'a medium that is the same',
    { project, channels: { mediums: { Email: 'email' } } },
    ['channels.mediums.Email: "email": is the same; media are lower-case anyway'],
  ],
  [
    'no medium by another name',
    { project, channels: { mediums: { None: 'typed', letter: '(not set)' } } },
    [
      'channels.mediums.None: "None": stands for no medium; expected another one',
      'channels.mediums.letter: "(not set)": stands for no medium; expected another one',
    ],
  ],
  [
    'a medium with another name itself',
    { project, channels: { mediums: { letter: 'newsletter', newsletter: 'email' } } },
    ['channels.mediums.letter: "newsletter": has another name itself; expected the last one'],
  ],
  [
    'a medium twice',
    { project, channels: { mediums: { letter: 'email', Letter: 'sms' } } },
    ['channels.mediums.Letter: "Letter": stands here twice; letter case does not count'],
  ],
  [
    'a click id that is a campaign parameter',
    { project, channels: { clickIds: { utm_source: { source: 'x', medium: 'y', platform: 'z' } } } },
    ['channels.clickIds.utm_source: name "utm_source": expected the name of a URL parameter that is neither utm_… nor ehash'],
  ],
  [
    'a click id without a medium',
    { project, channels: { clickIds: { pid: { source: 'x', platform: 'z' } } } },
    ['channels.clickIds.pid.medium: missing; expected a string'],
  ],
  [
    'a click id twice',
    {
      project,
      channels: { clickIds: { pid: { source: 'x', medium: 'y', platform: 'z' }, PID: { source: 'x', medium: 'y', platform: 'z' } } },
    },
    ['channels.clickIds.PID: "PID": stands here twice; letter case does not count'],
  ],
])('%s is told', (_name, config, lines) => {
  expect(problems(config)).toEqual(lines);
});
