import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mapper } from './apply.ts';
import { checkColumns, mappingByName, unmappedColumns } from './columns.ts';
import { loadMapping } from './load.ts';
import { checkMapping } from './mapping.ts';

/** SHA-256 of ada@example.com. */
const ADA = createHash('sha256').update('ada@example.com').digest('hex');
const BASE = { anonymousId: 'visitor', timestamp: 'at' };
const AT = '2024-05-06T07:08:09Z';

/** What becomes of a record, the id left out. */
function mapped(fields: object, record: object, required: readonly string[] = []): unknown {
  const converted = mapper(checkMapping({ fields: { ...BASE, ...fields }, required }, 'map.json'))({
    part: 'p',
    line: 1,
    value: { visitor: 'v1', at: AT, ...record },
  });
  if (!('message' in converted)) return converted;
  const { messageId: _, ...message } = converted.message;
  return message;
}
const OF_ALL = { anonymousId: 'v1', timestamp: '2024-05-06T07:08:09.000Z' };

describe('an event is put together', () => {
  test('a page view with its campaign, click id, address, place and device', () => {
    const fields = {
      url: 'page', referrer: 'ref', title: 'title',
      utm_source: 's', utm_medium: 'm', utm_campaign: 'c', gclid: 'click',
      ip: 'ip', userAgent: 'ua', country: 'country', city: 'city', gaClientId: 'ga',
    }; // prettier-ignore
    const record = {
      page: 'https://a.example/',
      ref: 'https://b.example/',
      title: 'T',
      s: 'google',
      m: 'cpc',
      c: 'Brand',
      click: 'G1',
      ip: '203.0.113.9',
      ua: 'UA',
      country: 'DE',
      city: 'Köln',
      ga: '1.2',
    };
    expect(mapped(fields, record)).toEqual({
      ...OF_ALL,
      type: 'page',
      context: {
        page: { url: 'https://a.example/', referrer: 'https://b.example/', title: 'T' },
        campaign: { source: 'google', medium: 'cpc', name: 'Brand' },
        clickIds: { gclid: 'G1' },
        ip: '203.0.113.9',
        userAgent: 'UA',
        location: { country: 'DE', city: 'Köln' },
        gaClientId: '1.2',
      },
    });
  });

  test('free members, constants, types of values and paths of members', () => {
    const fields = {
      type: { value: 'track' },
      event: { value: 'Signed Up' },
      userId: 'user.id',
      'properties.plan': 'plan',
      'properties.amount': { from: 'amount', as: 'number' },
      'properties.trial': { from: 'trial', as: 'boolean' },
      'context.app.name': { value: 'crm' },
      groupId: ['company', 'account'],
    };
    const rule = { ...fields, groupId: { from: ['company', 'account'] } };
    expect(mapped(rule, { user: { id: 7 }, plan: 'team', amount: '12.5', trial: 'no', account: 'acme' })).toEqual({
      ...OF_ALL,
      type: 'track',
      event: 'Signed Up',
      userId: 7,
      groupId: 'acme',
      properties: { plan: 'team', amount: 12.5, trial: false },
      context: { app: { name: 'crm' } },
    });
  });

  test('"*" takes what no other rule reads', () => {
    const fields = { url: 'page', properties: '*', 'properties.plan': { from: 'tier' } };
    expect(mapped(fields, { page: '/', tier: 'team', color: 'red', size: 3 })).toEqual({
      ...OF_ALL,
      type: 'page',
      context: { page: { url: '/' } },
      properties: { color: 'red', size: 3, plan: 'team' },
    });
  });

  test('values stand for others; null leaves a record out, and a value that is not named is an error', () => {
    const fields = { type: { from: 'kind', values: { pageview: 'page', heartbeat: null } }, url: 'page' };
    expect(mapped(fields, { kind: 'pageview', page: '/' })).toMatchObject({ type: 'page' });
    expect(mapped(fields, { kind: 'heartbeat' })).toEqual({ leftOut: 'the mapping leaves them out' });
    expect(mapped(fields, { kind: 'other' })).toEqual({
      path: 'type',
      problem: '"other": expected one of pageview, heartbeat; name it in "values", or give "otherwise"',
    });
    const otherwise = { type: { ...fields.type, otherwise: 'track' }, event: 'kind' };
    expect(mapped(otherwise, { kind: 'other' })).toMatchObject({ type: 'track', event: 'other' });
  });

  test.each([
    ['an identify call has it among the traits', { type: { value: 'identify' } }, { traits: { email: ADA } }],
    ['a form among the properties', { event: { value: 'Form Submitted' } }, { properties: { email: ADA } }],
    [
      'another event in the context, as what a server knows',
      { url: 'page' },
      { context: { page: { url: '/' }, emailHashes: [{ hash: ADA, origin: 'server' }] } },
    ],
    ['with nothing else it is an identify call', {}, { type: 'identify', traits: { email: ADA } }],
  ])('an e-mail address is hashed before it leaves: %s', (_, fields, expected) => {
    const message = mapped({ ...fields, email: 'mail' }, { mail: ' Ada@Example.COM ', page: '/' });
    expect(message).toMatchObject(expected);
    expect(JSON.stringify(message).toLowerCase()).not.toContain('ada@');
    expect(mapped({ ...fields, email: 'mail' }, { mail: ADA.toUpperCase(), page: '/' })).toEqual(message);
  });

  test('what cannot be an event says why, and does not quote an address', () => {
    expect(mapped({ url: 'page' }, {})).toMatchObject({ path: 'type' });
    expect(mapped({ url: 'page' }, { at: 'soon', page: '/' })).toEqual({
      path: 'timestamp',
      problem: '"soon": expected a time such as "2024-05-06T07:08:09Z"',
    });
    expect(mapped({ url: 'page' }, {}, ['url'])).toEqual({ path: 'url', problem: 'there is no value in "page"; the mapping requires one' });
    expect(mapped({ url: 'page', 'properties.n': { from: 'n', as: 'number' } }, { page: '/', n: '1,5' })).toMatchObject({
      path: 'properties.n',
    });
    const email = mapped({ email: 'mail' }, { mail: 'ada@' }) as { problem: string };
    expect(email.problem).toContain('no e-mail address');
    expect(email.problem).not.toContain('ada');
  });

  test('an id comes from the content of the record, whatever the order of its members', () => {
    const map = mapper(checkMapping({ fields: { ...BASE, url: 'page' } }, 'map.json'));
    const idOf = (value: Record<string, unknown>) =>
      (map({ part: 'p', line: 1, value }) as { message: { messageId: string } }).message.messageId;
    const id = idOf({ visitor: 'v1', at: AT, page: '/' });
    expect(id).toBe(`import-${createHash('sha256').update(`{"at":"${AT}","page":"/","visitor":"v1"}`).digest('hex')}`);
    expect(idOf({ page: '/', at: AT, visitor: 'v1' })).toBe(id);
    expect(idOf({ visitor: 'v1', at: AT, page: '/', extra: null })).toBe(id);
    expect(idOf({ visitor: 'v2', at: AT, page: '/' })).not.toBe(id);
    expect(
      mapper(checkMapping({ fields: { ...BASE, url: 'page', messageId: 'id' } }, 'm'))({
        part: 'p',
        line: 1,
        value: { visitor: 'v', at: AT, page: '/', id: 'own' },
      }),
    ).toMatchObject({
      message: { messageId: 'own' },
    });
  });
});

describe('a mapping is checked', () => {
  test.each([
    [[], 'expected an object such as'],
    [{ fields: {} }, 'fields: {}: expected an object of fields'],
    [{ field: BASE }, 'field: unknown; did you mean "fields"?'],
    [{ fields: { anonymousId: 'v' } }, 'fields.timestamp: missing'],
    [{ fields: { timestamp: 'at' } }, 'fields.anonymousId: missing'],
    [{ fields: { ...BASE, referer: 'ref' } }, 'fields.referer: unknown field; did you mean "referrer"?'],
    [{ fields: { ...BASE, url: { form: 'page' } } }, 'fields.url.form: unknown; did you mean "from"?'],
    [{ fields: { ...BASE, url: { from: 'page', value: 'x' } } }, 'expected either "from"'],
    [{ fields: { ...BASE, url: 7 } }, 'fields.url: 7: expected the name of a column'],
    [{ fields: { ...BASE, url: '*' } }, '"*" stands for many columns'],
    [{ fields: { ...BASE, 'properties.': 'x' } }, 'unknown field'],
    [{ fields: { ...BASE, url: { from: 'x', as: 'numbr' } } }, 'expected one of text, number, boolean'],
    [{ fields: { ...BASE, url: { from: 'x', otherwise: 'y' } } }, 'expected "values" beside it'],
    [{ fields: { ...BASE, timestamp: { from: 'at', zone: 'Berlin' } } }, 'expected an IANA time zone'],
    [{ fields: { ...BASE, timestamp: { from: 'at', format: 'unix_second' } } }, 'did you mean "unix_seconds"?'],
    [{ fields: { ...BASE, timestamp: { from: 'at', format: 'HH:mm' } } }, 'year, month and day'],
    [{ fields: BASE, required: ['urll'] }, '"urll" is not mapped'],
  ])('%j: %s', (input, message) => {
    expect(() => checkMapping(input, 'map.json')).toThrow(message);
  });

  test('everything that is wrong is said at once', () => {
    expect(() => checkMapping({ fields: { urll: 'a', evnt: 'b' } }, 'map.json')).toThrow(
      /map\.json is no mapping:\n.*urll.*\n.*evnt.*\n.*timestamp.*\n.*anonymousId/,
    );
  });
});

describe('columns', () => {
  const mapping = checkMapping({ fields: { ...BASE, url: { from: ['page', 'landing'] }, 'properties.x': 'user.id' } }, 'map.json');

  test('a column that a file does not have is named, with the one that was probably meant', () => {
    expect(() => checkColumns(mapping, [{ file: 'a.csv', columns: ['visitor', 'att', 'landing', 'user.id'] }], 'map.json')).toThrow(
      'fields.timestamp: a.csv has no column "at"; did you mean "att"?',
    );
    expect(() => checkColumns(mapping, [{ file: 'a.csv', columns: ['visitor', 'at', 'page', 'user.id'] }], 'map.json')).not.toThrow();
  });

  test('those that no rule reads are listed', () => {
    expect(unmappedColumns(mapping, ['visitor', 'at', 'page', 'user', 'color'])).toEqual(['color']);
    expect(unmappedColumns(checkMapping({ fields: { ...BASE, properties: '*' } }, 'm'), ['visitor', 'color'])).toEqual([]);
  });

  test('called as our fields are, they need no mapping', () => {
    const columns = ['Anonymous ID', 'timestamp', 'URL', 'utm_source', 'properties.plan', 'colour'];
    expect(Object.keys(mappingByName([{ file: 'a.csv', columns }]).fields).toSorted()).toEqual([
      'anonymousId',
      'properties.plan',
      'timestamp',
      'url',
      'utm_source',
    ]);
    expect(() => mappingByName([{ file: 'a.csv', columns: ['when', 'who'] }])).toThrow(
      /a\.csv: the names of the columns.*when, who.*--mapping/,
    );
    // Nobody can tell from here which of them is which.
    expect(() => mappingByName([{ file: 'a.csv', columns: ['when', 'who'] }])).not.toThrow(/"(timestamp|anonymousId)": "(when|who)"/);
  });
});

describe('a mapping is read', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), 'touchtrail-import-map-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('from JSON, and from a module whose rules may be functions', async () => {
    const [plain, program] = [path.join(folder, 'map.json'), path.join(folder, 'map.mts')];
    writeFileSync(plain, JSON.stringify({ fields: BASE }));
    writeFileSync(
      program,
      "export default { fields: { timestamp: 'at', anonymousId: (row: { a: string; b: string }) => `${row.a}-${row.b}`, url: 'page' } };",
    );
    expect((await loadMapping(plain)).mapping).toEqual(checkMapping({ fields: BASE }, 'x'));
    const { mapping } = await loadMapping(program);
    expect(mapper(mapping)({ part: 'p', line: 1, value: { a: 'x', b: 'y', at: AT, page: '/' } })).toMatchObject({
      message: { anonymousId: 'x-y', type: 'page' },
    });
  });

  test('what cannot be read says why', async () => {
    const broken = path.join(folder, 'broken.json');
    writeFileSync(broken, '{ "fields": }');
    await expect(loadMapping(broken)).rejects.toThrow('this is no JSON');
    await expect(loadMapping(path.join(folder, 'none.json'))).rejects.toThrow('there is no such file');
    const empty = path.join(folder, 'empty.mts');
    writeFileSync(empty, 'export const mapping = 1;');
    await expect(loadMapping(empty)).rejects.toThrow('no default export');
  });
});
