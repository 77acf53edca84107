import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Site, startSite } from '../../examples/fernhill/site/server.ts';
import type { Finding } from '../../pipeline/doctor/finding.ts';
import { examineSite } from '../../pipeline/doctor/site/site.ts';
import { pendingSegments } from '../../pipeline/embedded/landing/folders.ts';
import { launchBrowser } from '../browser.ts';
import { type RunningUp, startUp, touchtrail, touchtrailJson } from '../cli.ts';
import { builtScripts, type ScriptSite, startScriptSite } from './script-site.ts';
import { servePage, tagOf } from './visitor.ts';

const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const ADDRESSES: Readonly<Record<string, string>> = { 'www.shop.example': '203.0.113.7', 'edge.shop.example': '203.0.9.1' };
const lookUp = async (host: string) => (host in ADDRESSES ? { addresses: [ADDRESSES[host]!] } : undefined);

const examine = async (url: string) => await examineSite(new URL(url), { open: launchBrowser, lookUp });
/** As the browser of the tests reaches this machine. */
const onHost = (url: string) => url.replace('127.0.0.1', 'www.shop.example');
/** Status, subject and text of each; ids as `ID`, and ports left out. */
const lines = (findings: readonly Finding[]) =>
  findings.map(({ status, subject, says }) =>
    `${status} ${subject}: ${says}`.replaceAll(new RegExp(UUID, 'g'), 'ID').replaceAll(/(?<=\.example|127\.0\.0\.1):\d+/g, ''),
  );
const about = (findings: readonly Finding[], subject: string) => findings.filter((finding) => finding.subject === subject);

describe('the example company, with the edge of "touchtrail up"', () => {
  let folder: string;
  let up: RunningUp;
  let key: string;
  const sites: Site[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'touchtrail-doctor-'));
    ({ key } = await touchtrailJson<{ key: string }>(['--data', folder, 'keys', 'create']));
    up = await startUp([
      '--data',
      folder,
      '--config',
      join(import.meta.dirname, '..', '..', 'examples', 'fernhill', 'touchtrail.config.ts'),
    ]);
  });
  afterAll(async () => {
    for (const site of sites) await site.stop();
    await up.stop();
    await rm(folder, { recursive: true, force: true });
  });
  const start = async (writeKey: string) => {
    const site = await startSite({ port: 0, host: '127.0.0.1', edgeUrl: onHost(up.url), writeKey, crmFolder: folder });
    sites.push(site);
    return { url: onHost(site.url) };
  };

  test('a page on which everything is right', async () => {
    const { url } = await start(key);
    expect(lines(await examine(`${url}/demo`))).toEqual([
      'ok Page: http://www.shop.example/demo',
      `ok Script: http://www.shop.example/t.js with the write key ${key}`,
      'ok Events: www.shop.example took them',
      'ok Route: the edge is on the same host as the page, on another port (www.shop.example beside www.shop.example): fine for trying it on one machine',
      'ok Cookie: anonymous_id = ID, in Safari for 400 days: the edge sets it, on the host of the page',
      'ok Form: #demo-request → /crm/leads holds the id of the cookie in its field',
      'ok Form: #newsletter → /crm/leads holds the id of the cookie in its field',
    ]);
    // The visit is kept out of the reports.
    const landed = await Promise.all((await pendingSegments(folder)).map((file) => readFile(file, 'utf8')));
    expect(landed.join('').match(/"is_internal":\w+/g)).toEqual(['"is_internal":true']);
  });

  test('a write key that the edge does not know', async () => {
    const { url } = await start('not-a-key');
    const [found] = about(await examine(`${url}/`), 'Events');
    expect(found).toEqual({
      subject: 'Events',
      status: 'problem',
      says: expect.stringMatching(/^www\.shop\.example:\d+ does not know the write key not-a-key$/),
      remedy: 'npx touchtrail keys list shows the keys of the edge',
    });
  });

  test('the edge of this machine is examined by "touchtrail doctor"', async () => {
    const { findings } = JSON.parse((await touchtrail(['--data', folder, 'doctor', '--json', '--config', EXAMPLE])).stdout) as {
      findings: Finding[];
    };
    expect(about(findings, 'Edge')).toEqual([{ subject: 'Edge', status: 'ok', says: `${up.url} answers` }]);
    expect(about(findings, 'Script')).toEqual([{ subject: 'Script', status: 'ok', says: `${up.url}/t.js` }]);
    expect(about(findings, 'Write keys')[0]!.status).toBe('ok');
  });
});

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'fernhill', 'touchtrail.config.ts');

describe('pages made by hand', () => {
  let site: ScriptSite;
  beforeAll(async () => {
    site = await startScriptSite(await builtScripts());
  });
  afterAll(() => site.stop());
  afterEach(() => site.clear());

  test('the edge is a subdomain, and only the script writes the cookie', async () => {
    servePage(site, '/', '<p>no form</p>');
    const found = await examine(`${site.url}/`);
    expect(lines(found)).toEqual([
      'ok Page: http://www.shop.example/',
      'ok Script: http://edge.shop.example/t/t.js with the write key wk',
      'ok Events: edge.shop.example took them',
      'ok Route: the edge is a subdomain of the site: edge.shop.example',
      'problem Cookie: anonymous_id = ID, in Safari for 7 days: only the script has written it: Safari deletes it after 7 days of use without a click or key on the site; 24 hours where the visitor came by an ad with a click id',
      'note Forms: none on this page',
    ]);
    expect(about(found, 'Cookie')[0]!.remedy).toContain('docs/first-party.md');
  });

  test('the page itself sets the cookie', async () => {
    servePage(site, '/');
    const page = site.files.get('/')!;
    site.files.set('/', {
      ...page,
      headers: { 'set-cookie': 'anonymous_id=0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55; Max-Age=34560000; Path=/; Domain=shop.example' },
    });
    expect(about(await examine(`${site.url}/`), 'Cookie')).toEqual([
      {
        subject: 'Cookie',
        status: 'ok',
        says: 'anonymous_id = 0b7c1f0e-6d3c-4a39-9d7e-2f4f3c1b8a55, in Safari for 400 days: the page itself comes with Set-Cookie',
      },
    ]);
  });

  test('no script on the page', async () => {
    servePage(site, '/', '<form method="post" id="lead"></form>', '<script src="/other.js"></script>');
    const found = await examine(`${site.url}/`);
    expect(lines(found)).toEqual([
      'ok Page: http://www.shop.example/',
      'problem Script: the page has no script tag with a write key',
      'unknown Form: #lead: the script has to run first',
    ]);
    expect(found[1]!.remedy).toContain('snippet.html');
    expect(site.requested.filter((path) => path.includes('/v1/'))).toEqual([]);
  });

  test('the script has moved', async () => {
    servePage(site, '/', '', `<script async src="${site.edge}/t/old.js" data-write-key="wk"></script>`);
    expect(lines(await examine(`${site.url}/`))[1]).toBe('problem Script: http://edge.shop.example/t/old.js answered 404');
  });

  test('forms: in the page, in a shadow root, in a frame; one that is searched with, one that holds something else', async () => {
    site.files.set('/frame', { body: '<!doctype html><form method="post" id="inner"></form>' });
    servePage(
      site,
      '/',
      `<form method="post" id="plain" name="lead"></form>
      <form method="get" id="search"></form>
      <form method="post" id="locked"></form>
      <div id="host"></div>
      <iframe src="/frame"></iframe>
      <script>
        const inside = document.querySelector('#host').attachShadow({ mode: 'open' });
        inside.innerHTML = '<form method="post" id="shadow" action="https://webto.salesforce.com/servlet/servlet.WebToLead"></form>';
        const field = document.createElement('input');
        field.name = 'anonymous_id';
        Object.defineProperty(field, 'value', { get: () => 'of the theme', set: () => {} });
        document.querySelector('#locked').append(field);
      </script>`,
    );
    const forms = about(await examine(`${site.url}/`), 'Form');
    expect(lines(forms)).toEqual([
      'ok Form: #plain name="lead" holds the id of the cookie in its field',
      'note Form: #search gets no field: method="get", role="search", or left out by data-touchtrail or data-forms',
      'problem Form: #locked has the field, but it holds "of the theme"',
      'ok Form: #shadow → https://webto.salesforce.com/servlet/servlet.WebToLead, in a shadow root holds the id of the cookie in its field',
      'ok Form: #inner, in the frame http://www.shop.example/frame holds the id of the cookie in its field',
    ]);
    expect(site.posted).toEqual([]);
  });

  test('the Content Security Policy refuses the script, or what it sends', async () => {
    servePage(site, '/');
    const page = site.files.get('/')!;
    site.files.set('/', { ...page, headers: { 'content-security-policy': "script-src 'self'" } });
    const script = await examine(`${site.url}/`);
    expect(lines(script)[1]).toBe(
      'problem Script: the Content Security Policy of the page refuses http://edge.shop.example/t/t.js (script-src-elem)',
    );
    expect(script[1]!.remedy).toContain(`add ${site.edge} to script-src and connect-src`);
    site.files.set('/', { ...page, headers: { 'content-security-policy': `script-src ${site.edge}; connect-src 'self'` } });
    const events = about(await examine(`${site.url}/`), 'Events');
    expect(lines(events)).toEqual([
      expect.stringMatching(/^problem Events: the Content Security Policy of the page refuses .*edge\.shop\.example.* \(connect-src\)$/),
    ]);
  });

  test('the edge is a third party', async () => {
    const edge = site.edge.replace('edge.shop', 'collect.vendor');
    servePage(site, '/', '', `<script async src="${edge}/t/t.js" data-write-key="wk"></script>`);
    const found = await examine(`${site.url}/`);
    expect(lines(about(found, 'Route'))).toEqual([
      'problem Route: collect.vendor.example is a third party on www.shop.example: blockers know it, and it can set no cookie',
    ]);
  });

  test('the page asks for consent first', async () => {
    servePage(site, '/', '<form method="post" id="lead"></form>', tagOf(site, 'data-consent="pending"'));
    const found = await examine(`${site.url}/`);
    expect(found.some(({ status }) => status === 'problem')).toBe(false);
    expect(lines(found).slice(2)).toEqual([
      'note Consent: the page asks first (data-consent="pending"): until then nothing is sent or stored, so that this visit shows no more',
      'ok Route: the edge is a subdomain of the site: edge.shop.example',
      'unknown Cookie: there is none yet',
      'unknown Form: #lead: without a cookie there is no id to hold',
    ]);
  });

  test('a page that is not there, and a host that is not there', async () => {
    expect(lines(await examine(`${site.url}/nothing`))).toEqual(['problem Page: http://www.shop.example/nothing answered 404']);
    expect(lines(await examine('http://nobody.invalid/'))[0]).toMatch(
      /^problem Page: http:\/\/nobody\.invalid\/ cannot be loaded: .*ERR_NAME_NOT_RESOLVED/,
    );
  });

  test('without a browser, the text of the page says what it can', async () => {
    const local = site.url.replace('www.shop.example', '127.0.0.1');
    servePage(
      site,
      '/',
      '<form></form>',
      `<!-- <script data-write-key="old" src="/old.js"></script> --><script async src="/t/t.js" data-write-key="wk"></script>`,
    );
    const found = await examineSite(new URL(`${local}/`), { open: async () => undefined, lookUp });
    expect(lines(found)).toEqual([
      'note Browser: none was found, so that only the text of the page could be read',
      'ok Page: http://127.0.0.1/',
      'ok Script: a tag with http://127.0.0.1/t/t.js',
      'ok Route: the edge is a path of 127.0.0.1 itself',
      'unknown Events: whether they are sent, and taken, shows only in a browser',
      'unknown Cookie: whether it is set, and how long it lives, shows only in a browser',
      'unknown Forms: 1 in the text of the page: what they hold shows only in a browser',
    ]);
    expect(found[0]!.remedy).toContain('--browser PATH');
  });

  test('a browser that does not start, and an address that is none, are wrong usage', async () => {
    const { code, stderr } = await touchtrail(['doctor', '--site', `${site.url}/`, '--browser', '/nonexistent/chrome']);
    expect([code, stderr.split('\n')[0]]).toEqual([2, expect.stringContaining('error: --browser /nonexistent/chrome does not start')]);
    expect((await touchtrail(['doctor', '--site', 'www.shop.example'])).code).toBe(2);
  });
});
