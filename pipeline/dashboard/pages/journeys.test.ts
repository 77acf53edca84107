import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ATTRIBUTION } from '../../models/attribution/tables.ts';
import { CONVERSIONS } from '../../models/conversions/tables.ts';
import { IDENTITIES, IDENTITY_EDGES } from '../../models/identity/tables.ts';
import { REPORT_CREDITS } from '../../models/reports/tables.ts';
import { SESSIONS } from '../../models/sessions/tables.ts';
import { JANE, land, landed } from '../../query/testing/journey-world.ts';
import { linksOf, openDashboard, rowsOf, type TestDashboard, textOf } from '../testing/dashboard.ts';
import { PEOPLE_CONFIG, PEOPLE_TABLES } from '../testing/people.ts';

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await openDashboard(PEOPLE_TABLES, { config: PEOPLE_CONFIG });
  await land(dashboard.dataFolder, 'sealed/s1.ndjson', [
    landed({ message_id: 'm1', anonymous_id: 'a2', received_at: '2026-04-01T07:00:00.000000Z', page_path: '/docs/<b>new</b>' }),
  ]);
});
afterAll(() => dashboard.close());

const QUARTER = 'from=2026-01-01&to=2026-03-31';
const items = (page: string): string[] => {
  const [timeline = ''] = /<ol class="timeline">.*?<\/ol>/s.exec(page) ?? [];
  return [...timeline.matchAll(/<li class="(\w+)">(.*?)<\/li>/gs)].map(([, kind, body]) => `${kind}: ${textOf(body!)}`);
};

const search = async (by: string, value: string): Promise<Response> =>
  dashboard.app.request(`/journeys?${QUARTER}`, { method: 'POST', body: new URLSearchParams({ by, value }) });

describe('the list of conversions', () => {
  test('has those of the period with their part, and leads to the journey of each', async () => {
    const page = await dashboard.get(`/journeys?${QUARTER}&conversion=closed_won&model=linear`);
    expect(rowsOf(page)).toEqual([
      ['Closed/Won', 'Time', 'Person', 'How', 'Sessions', 'Credit', 'Value'],
      ['D1', 'Tue 10 Mar 2026 23:59', 'a1', 'credits of lead/L1', '3', '1', '€10,000.00'],
      ['All 1', '', '', '', '', '1', '€10,000.00'],
    ]);
    const [link] = linksOf(page, 'D1');
    expect(link).toBe(`/journeys?${QUARTER}&conversion=closed_won&model=linear&conversion_id=closed_won%2FD1`);
    const journey = await dashboard.get(link!);
    expect(linksOf(journey, 'All conversions of the period')).toEqual([`/journeys?${QUARTER}&conversion=closed_won&model=linear`]);
  });

  test('is narrowed by the cell of a report, and says so', async () => {
    const page = await dashboard.get(`/journeys?${QUARTER}&conversion=lead&model=first_click&in.channel=%28not+attributed%29`);
    expect(rowsOf(page).slice(1)).toEqual([
      ['L9', 'Sun 15 Feb 2026 13:00', '—', 'Unknown identifier', '—', '1'],
      ['All 1', '', '', '', '', '1'],
    ]);
    expect(textOf(page)).toContain('channel: (not attributed) ×');
    expect(linksOf(page, '×')).toEqual([`/journeys?${QUARTER}&conversion=lead&model=first_click`]);
  });

  test('stands behind the numbers of the reports', async () => {
    for (const address of [
      `/channels?${QUARTER}&conversion=closed_won&model=first_click&compare=none`,
      `/?${QUARTER}&conversion=closed_won&model=first_click&compare=none`,
    ]) {
      const links = [...(await dashboard.get(address)).matchAll(/href="(\/journeys\?[^"]*in\.channel=Paid[^"]*)"/g)].map(
        ([, href]) => href!,
      );
      expect(links, address).not.toEqual([]);
      for (const link of links) {
        expect(
          rowsOf(await dashboard.get(link.replaceAll('&amp;', '&'))).map(([id]) => id),
          link,
        ).toEqual(['Closed/Won', 'D1', 'All 1']);
      }
    }
  });

  test('comes in pages, each row once; the CSV has all', async () => {
    const many = Array.from({ length: 150 }, (_, i) => `L${String(i).padStart(3, '0')}`);
    const paged = await openDashboard(
      PEOPLE_TABLES.map(([table, rows]) => {
        if (table === REPORT_CREDITS) {
          const one = rows.find((row) => row['conversion_id'] === 'L3' && row['model'] === 'first_click')!;
          return [table, many.map((id) => ({ ...one, conversion_id: id }))];
        }
        const one = rows.find((row) => row['id'] === 'L3')!;
        return table === CONVERSIONS ? [table, many.map((id) => ({ ...one, id }))] : [table, rows];
      }),
    );
    try {
      const first = await paged.get(`/journeys?${QUARTER}&conversion=lead&model=first_click`);
      expect(textOf(first)).toContain('100 of 150 shown');
      const second = await paged.get(linksOf(first, 'Next page')[0]!);
      const ids = [first, second].flatMap((page) => rowsOf(page).slice(1, -1)).map(([id]) => id);
      expect(ids).toEqual(many);
      expect(linksOf(second, 'Next page')).toEqual([]);
      expect(rowsOf(second).at(-1)![0]).toBe('All 150');
      const csv = await paged.get(`/journeys?${QUARTER}&conversion=lead&model=first_click&format=csv`);
      expect(
        csv
          .trim()
          .split('\r\n')
          .slice(1)
          .map((line) => line.split(',')[1]),
      ).toEqual(many);
    } finally {
      await paged.close();
    }
  });

  test('says what to do where nothing has credit', async () => {
    expect(textOf(await dashboard.get('/journeys?from=2020-01-01&to=2020-01-31'))).toContain('No conversion has credit here');
  });
});

describe('a journey', () => {
  test('tells touches, devices, identity signals and stages in one order of time, with the credits of each model', async () => {
    const page = await dashboard.get('/journeys?conversion_id=closed_won/D1');
    expect(items(page)).toEqual([
      'touch: Mon 5 Jan 2026 10:00 D1 Paid Search google / cpc · brand · /pricing · 2 pages Credit for Lead L1 First click 100% Credit for Closed/Won D1 First click 100% Linear 50%',
      'signal: Mon 5 Jan 2026 10:04 D1 E-mail hash 441a0dd2… seen form · deterministic',
      'signal: Mon 5 Jan 2026 10:04 D1 Lead id L1 seen crm_leads · deterministic',
      'gap: 15 days',
      'touch: Tue 20 Jan 2026 19:30 D2 new device Email newsletter / email · january · / · 1 page Credit for Lead L1 Last click 100% Credit for Closed/Won D1 Linear 50%',
      'signal: Tue 20 Jan 2026 19:30 D2 E-mail hash 441a0dd2… joins D2 with D1 url · weak',
      'signal: Tue 20 Jan 2026 19:31 D2 User id u7 links nobody: shared key identify · deterministic',
      'stage: Tue 20 Jan 2026 19:32 Lead L1 person found by client id',
      'gap: 49 days',
      'stage: Tue 10 Mar 2026 23:59 Closed/Won D1 €10,000.00 49 days after Lead L1 · attributed as of Tue 20 Jan 2026 19:32 · person found by e-mail hash · credits inherited from Lead L1',
    ]);
    expect(rowsOf(page)).toEqual([
      ['Touch', 'First click', 'Linear'],
      ['D1 Paid Search 5 Jan 2026', '100% €10,000', '50% €5,000'],
      ['D2 Email 20 Jan 2026', '', '50% €5,000'],
    ]);
    expect(textOf(page)).toContain(
      'Person a1 Found by conversion closed_won/D1 · 2 devices · 2 sessions · 2 conversions · 1 event not yet processed',
    );
    expect(textOf(page)).toContain('D1 Chrome on Windows, desktop, Berlin, DE 5 Jan 2026 · 1 session a1');
    expect(textOf(page)).toContain('Landed, not yet processed Wed 1 Apr 2026 09:00 D2 page /docs/<b>new</b>');
  });

  test('of a conversion that nobody is credited for says why, model by model', async () => {
    const page = await dashboard.get('/journeys?conversion_id=lead/L9');
    expect(items(page)).toEqual([
      'stage: Sun 15 Feb 2026 13:00 Lead L9 Self-reported Podcast (SRA) Linear (not attributed) unknown identifier: First click, Last click',
    ]);
    expect(rowsOf(page).slice(1)).toEqual([
      ['Self-reported: Podcast (SRA)', '', '', '100%'],
      ['(not attributed): unknown identifier', '100%', '100%', ''],
    ]);
  });

  test.each([
    ['lead', 'L1', 'lead=L1'],
    ['email', 'Jane@fernhill.example ', `email=${JANE}`],
    ['email', JANE.toUpperCase(), `email=${JANE}`],
    ['anonymous_id', 'a2', 'anonymous_id=a2'],
    ['user_id', 'jane@fernhill.example', `user_id=${JANE}`],
    ['conversion:closed_won', 'D1', 'conversion_id=closed_won%2FD1'],
  ])('is searched by %s: the form leads to an address without an e-mail address in it', async (by, value, expected) => {
    const answer = await search(by, value);
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe(`/journeys?${QUARTER}&${expected}`);
    expect(answer.headers.get('location')).not.toMatch(/@|%40/);
  });

  test('is found by each of them', async () => {
    for (const query of ['lead=L1', `email=${JANE}`, 'anonymous_id=a2', 'anonymous_id=a1']) {
      expect(textOf(await dashboard.get(`/journeys?${query}`)), query).toContain('Person a1');
    }
    expect(textOf(await dashboard.get('/journeys?latest=1'))).toContain('Found by the visitor seen last');
  });

  test('is the same as CSV: what joined the person, visits, conversions and credits', async () => {
    const [head, ...lines] = (await dashboard.get('/journeys?lead=L1&format=csv')).trim().split('\r\n');
    expect(head).toMatch(/^time,kind,anonymous_id,session_id,channel,/);
    const kinds = lines.map((line) => line.split(',')[1]);
    expect(new Set(kinds)).toEqual(new Set(['conversion', 'credit', 'pending', 'session', 'signal']));
    expect(lines.some((line) => line.includes(',a1,'))).toBe(true);
  });

  test('of nobody says so, and what to try; the form keeps what was typed', async () => {
    const page = await dashboard.get('/journeys?lead=L77', 404);
    expect(textOf(page)).toContain('Nobody found there is no lead L77 in the publication');
    expect(page).toContain('name="value" value="L77"');
    expect(textOf(await dashboard.get('/journeys?lead=L77&format=csv', 404))).toContain('Nobody found');
    expect(dashboard.logged).toEqual([]);
  });

  test('is not asked for with an e-mail address in the address, nor is the address repeated', async () => {
    for (const query of ['email=jane%40fernhill.example', 'lead=jane@fernhill.example']) {
      const page = await dashboard.get(`/journeys?${query}`, 400);
      expect(textOf(page)).toContain('an e-mail address does not belong into the address of a page');
      expect(page).not.toContain('jane');
    }
    const refused = await search('lead', 'the lead of jane@fernhill.example');
    expect(refused.status).toBe(400);
    expect(await refused.text()).not.toContain('jane');
    expect((await search('email', 'jane')).status).toBe(400);
  });

  test.each([
    ['lead=L1&email=x', 'lead and email: expected one of them'],
    ['conversion_id=D1', 'conversion_id=D1: expected name/id'],
    ['email=441a', 'email=441a: expected the SHA-256 of an address in hex'],
  ])('says what is wrong with %s', async (query, message) => {
    expect(textOf(await dashboard.get(`/journeys?${query}`, 400))).toContain(message);
  });
});

test('markup in what visitors and a CRM bring stays text', async () => {
  const HOSTILE = '"><script>alert(1)</script>';
  const fields: readonly (readonly [object, readonly string[]])[] = [
    [SESSIONS, ['channel', 'source', 'medium', 'campaign', 'landing_path', 'browser', 'os', 'device_type', 'country', 'city']],
    [IDENTITY_EDGES, ['key_value', 'key_name', 'origin', 'tier', 'reason']],
    [ATTRIBUTION, ['reason']],
  ];
  const hostile = await openDashboard(
    PEOPLE_TABLES.map(([table, rows]) => {
      const own = fields.find(([one]) => one === table)?.[1] ?? [];
      return [
        table,
        rows.map((row) => ({
          ...row,
          ...Object.fromEntries(own.filter((name) => row[name] != null).map((name) => [name, `${name}${HOSTILE}`])),
          ...(table === CONVERSIONS && {
            id: `${row['id'] as string}${HOSTILE}`,
            person_id: row['person_id'] === 'a1' ? HOSTILE : row['person_id'],
          }),
          ...(table === ATTRIBUTION && {
            conversion_id: `${row['conversion_id'] as string}${HOSTILE}`,
            channel: row['channel'] == null ? null : HOSTILE,
          }),
          ...(table === REPORT_CREDITS && { conversion_id: `${row['conversion_id'] as string}${HOSTILE}` }),
          ...(table === IDENTITIES && row['person_id'] === 'a1' && { person_id: HOSTILE }),
        })) as typeof rows,
      ];
    }),
  );
  await land(hostile.dataFolder, 'sealed/s1.ndjson', [
    landed({
      message_id: 'm1',
      anonymous_id: 'a1',
      received_at: '2026-04-01T07:00:00.000000Z',
      event: HOSTILE,
      page_path: HOSTILE,
      referrer: HOSTILE,
      user_id: HOSTILE,
      click_ids: [{ name: HOSTILE, value: '1' }],
    }),
  ]);
  try {
    const id = encodeURIComponent(`closed_won/D1${HOSTILE}`);
    for (const address of [
      `/journeys?${QUARTER}&conversion=lead`,
      `/journeys?conversion_id=${id}`,
      `/journeys?conversion_id=${encodeURIComponent(`lead/L9${HOSTILE}`)}`,
      '/journeys?anonymous_id=a1',
      `/journeys?lead=${encodeURIComponent(HOSTILE)}`,
    ]) {
      const page = await hostile.get(address, address.includes('?lead=') ? 404 : 200);
      expect(page, address).toContain('&lt;script&gt;alert(1)');
      expect(page, address).not.toContain('<script>alert(1)');
    }
    expect(items(await hostile.get(`/journeys?conversion_id=${id}`))).toHaveLength(10);
  } finally {
    await hostile.close();
  }
});

test('an id that is an e-mail address stands in no link: its person does', async () => {
  const mail = await openDashboard(
    PEOPLE_TABLES.map(([table, rows]) => {
      const name = table === CONVERSIONS ? 'id' : table === REPORT_CREDITS ? 'conversion_id' : undefined;
      return [
        table,
        name === undefined
          ? rows
          : rows.map((row) => ({ ...row, [name]: row[name] === 'D1' ? 'crm/jane@fernhill.example/1' : row[name]! })),
      ];
    }),
  );
  try {
    const page = await mail.get(`/journeys?${QUARTER}&conversion=closed_won&model=first_click`);
    expect(linksOf(page, 'crm/jane@fernhill.example/1')).toEqual([
      `/journeys?${QUARTER}&conversion=closed_won&model=first_click&anonymous_id=a1`,
    ]);
  } finally {
    await mail.close();
  }
});
