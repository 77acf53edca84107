import { expect, test } from 'vitest';
import { judgeVisit } from './findings.ts';
import type { Visit } from './visit.ts';

/** A page whose script has written the cookie itself. */
const visitOf = (url: string, edge: string): Visit => ({
  url,
  status: 200,
  tags: [{ src: `${edge}/t.js`, options: { writeKey: 'pk' } }],
  script: undefined,
  isRunning: true,
  delivery: { url: `${edge}/v1/batch`, status: 200, failure: undefined, cookies: [], viaCloudflare: false, body: '' },
  documentCookies: [],
  refusals: [],
  cookie: { name: 'anonymous_id', value: 'visitor', domain: new URL(url).hostname },
  forms: [],
  foreignFrames: [],
});

const judged = async (url: string, edge: string) => {
  const found = await judgeVisit(visitOf(url, edge), async () => undefined);
  return found.filter(({ subject }) => subject === 'Route' || subject === 'Cookie').map(({ status, says }) => `${status} ${says}`);
};

test('the edge on another port of the same host is said to be that, and is no problem', async () => {
  expect(await judged('http://127.0.0.1:9200/', 'http://127.0.0.1:8787')).toEqual([
    'ok the edge is on the same host as the page, on another port (127.0.0.1:8787 beside 127.0.0.1:9200): fine for trying it on one machine',
    expect.stringMatching(/^note anonymous_id = visitor, in Safari for 7 days: /),
  ]);
});

test('a cookie of 7 days is one on the same port', async () => {
  expect(await judged('http://127.0.0.1:9200/', 'http://127.0.0.1:9200/t')).toEqual([
    'ok the edge is a path of 127.0.0.1 itself, passed on by the site or its server',
    expect.stringMatching(/^problem anonymous_id = visitor, in Safari for 7 days: /),
  ]);
});
