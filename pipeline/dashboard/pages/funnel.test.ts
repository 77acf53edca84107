import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REPORT_CREDITS, REPORT_SESSIONS } from '../../models/reports/tables.ts';
import { linksOf, openDashboard, rowsOf, type TestDashboard, textOf } from '../testing/dashboard.ts';
import { PEOPLE_CONFIG, PEOPLE_TABLES } from '../testing/people.ts';

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await openDashboard(PEOPLE_TABLES, { config: PEOPLE_CONFIG });
});
afterAll(() => dashboard.close());

const QUARTER = 'from=2026-01-01&to=2026-03-31&compare=none';

describe('the cohort of leads', () => {
  test('has every stage by channel: leads, place, rate, losses, days and value; open cells are marked', async () => {
    const page = await dashboard.get(`/funnel?${QUARTER}`);
    expect(rowsOf(page)).toEqual([
      ['Channel', 'Lead', 'Closed/Won'],
      // The deal is worth less: second at the stage, first before.
      ['Organic Search', '1 1', '1 2 down from 1 100.0% −0 · 38.0 d €500'],
      ['Paid Search', '1 1', '1 1 100.0% −0 · 49.2 d €10,000'],
      // Of 15 February, and nine of ten deals took 100 days: it may still come.
      ['(not attributed)', '1', '0 0.0% … −1 1 still open'],
      ['All', '3', '2 66.7% … −1 · 43.6 d €10,500 1 still open'],
    ]);
    expect(page).toMatch(/<span class="rank fallen"/);
    expect([...page.matchAll(/<td class="filling"/g)]).toHaveLength(2);
  });

  test('shows all leads as bars with numbers beside them', async () => {
    const page = await dashboard.get(`/funnel?${QUARTER}`);
    const [bars] = /<ol class="steps".*?<\/ol>/s.exec(page)!;
    expect(textOf(bars)).toBe('Lead 3 Closed/Won 2 66.7% … of Lead 1 lost median 43.6 days from Lead 66.7% of all €10,500 1 still open');
    expect(bars).toContain(`width="${(2 / 3) * 100}"`);
  });

  test('leads from a cell to its leads: those of the channel that reached the stage', async () => {
    const page = await dashboard.get(`/funnel?${QUARTER}`);
    const linksIn = (row: string) => {
      const [found] = [...page.matchAll(/<tr>.*?<\/tr>/gs)].map(([one]) => one).filter((one) => textOf(one).startsWith(row));
      return [...found!.matchAll(/class="behind" href="([^"]*)"/g)].map(([, href]) => href!.replaceAll('&amp;', '&'));
    };
    const leadsOf = async (link: string) => rowsOf(await dashboard.get(link)).map(([id]) => id);
    const [ofSearch, ofSearchWon] = linksIn('Organic Search');
    expect(ofSearchWon).toContain('conversion=lead');
    expect(ofSearchWon).toContain('reached=closed_won');
    expect(await leadsOf(ofSearch!)).toEqual(['Lead', 'L3', 'All 1']);
    expect(await leadsOf(ofSearchWon!)).toEqual(['Lead', 'L3', 'All 1']);
    const [all, allWon] = linksIn('All');
    expect(await leadsOf(all!)).toEqual(['Lead', 'L9', 'L3', 'L1', 'All 3']);
    expect(await leadsOf(allWon!)).toEqual(['Lead', 'L3', 'L1', 'All 2']);
    const list = await dashboard.get(allWon!);
    expect(textOf(list)).toContain('reached Closed/Won ×');
    expect(await leadsOf(/<a\s+href="([^"]*)"\s+aria-label="Without reached/.exec(list)![1]!.replaceAll('&amp;', '&'))).toHaveLength(5);
  });

  test('leads to those of a month, and to those who did not pass the stage of the split', async () => {
    const months = await dashboard.get(`/funnel?${QUARTER}&interval=month&by=total`);
    const [february] = linksOf(months, '2').filter((link) => link.includes('from=2026-02-01'));
    expect(rowsOf(await dashboard.get(february!)).map(([id]) => id)).toEqual(['Lead', 'L9', 'L3', 'All 2']);
    const split = await dashboard.get(`/funnel?${QUARTER}&split=closed_won`);
    const [others] = linksOf(split, '1').filter((link) => link.includes('missed=closed_won') && !link.includes('in.'));
    expect(rowsOf(await dashboard.get(others!)).map(([id]) => id)).toEqual(['Lead', 'L9', 'All 1']);
  });

  test.each([
    ['/journeys?conversion=closed_won&reached=closed_won', 'reached: chooses leads, the first stage of the funnel: ask for "lead"'],
    ['/journeys?conversion=lead&missed=close_won', 'missed: unknown stage behind the first "close_won", did you mean "closed_won"?'],
  ])('%s says what is wrong', async (address, message) => {
    expect(textOf(await dashboard.get(address, 400))).toContain(message);
  });

  test('compares with the cohort before', async () => {
    // February: L3 and L9, of which one closed; January: L1, which closed.
    const page = await dashboard.get('/funnel?from=2026-02-01&to=2026-02-28&by=total');
    const [bars] = /<ol class="steps".*?<\/ol>/s.exec(page)!;
    expect(textOf(bars)).toContain('Lead 2 +100%');
    expect(textOf(bars)).toContain('Closed/Won 1 0% 50.0% … of Lead -50 pp');
    expect(textOf(page)).toContain('changes against 1 Jan 2026 – 31 Jan 2026');
  });

  test('stands side by side for leads that passed a stage and those that did not', async () => {
    const page = await dashboard.get(`/funnel?${QUARTER}&split=closed_won`);
    expect(textOf(page)).toContain('Passed Closed/Won Lead 2');
    expect(textOf(page)).toContain('Did not pass Closed/Won Lead 1');
    expect(rowsOf(page).slice(0, 2)).toEqual([
      ['Channel', 'Closed/Won', 'Lead', 'Closed/Won'],
      ['Organic Search', 'passed', '1 1', '1 2 down from 1 100.0% −0 · 38.0 d €500'],
    ]);
    expect(textOf(page)).toContain('Closed/Won splits the leads');
  });

  test('can be split by month', async () => {
    const rows = rowsOf(await dashboard.get(`/funnel?${QUARTER}&interval=month&by=total`));
    expect(rows.map(([month, leads]) => [month, leads])).toEqual([
      ['Leads of', 'Lead'],
      ['Jan 2026', '1 1'],
      ['Feb 2026', '2 1'],
      ['All', '3'],
    ]);
  });

  test('is the same as CSV', async () => {
    const csv = await dashboard.get(`/funnel?${QUARTER}&format=csv`);
    expect(csv.split('\r\n').toSpliced(1, 2).slice(0, 3)).toEqual([
      'channel,stage,leads,conversions,value,rate_from_lead,rate_from_previous,dropped,skipped,open,median_days,rank',
      'Paid Search,lead,1,1,,1,,,,,,1',
      'Paid Search,closed_won,1,1,10000,1,1,0,0,0,49.166666666666664,1',
    ]);
  });
});

describe('the other views', () => {
  test('count every stage by its own attribution, each number a link to its conversions', async () => {
    const page = await dashboard.get(`/funnel?view=stages&${QUARTER}`);
    expect(rowsOf(page)).toEqual([
      ['Channel', 'Lead', 'Closed/Won'],
      ['Paid Search', '1 1', '1 1 €10,000'],
      ['Organic Search', '1 1', '1 2 down from 1 €500'],
      ['(not attributed)', '1', '0 €0'],
      ['All', '3', '2 €10,500'],
    ]);
    const links = linksOf(page, '2').filter((link) => link.startsWith('/journeys'));
    expect(links).toEqual([
      '/journeys?from=2026-01-01&to=2026-03-31&conversion=closed_won&model=first_click&basis=conversion_time',
      '/journeys?from=2026-01-01&to=2026-03-31&conversion=closed_won&model=first_click&basis=conversion_time',
    ]);
    expect(rowsOf(await dashboard.get(links[0]!)).map(([id]) => id)).toEqual(['Closed/Won', 'D3', 'D1', 'All 2']);
  });

  test('follow ads from impressions to conversions', async () => {
    const page = await dashboard.get(`/funnel?view=ads&${QUARTER}`);
    expect(rowsOf(page)).toEqual([
      ['Campaign', 'Cost', 'Impressions', 'Clicks', 'Landings', 'Closed/Won', 'Value'],
      ['generic', '€300', '2,000', '50 2.5% · −1,950', '1 2.0% · −49', '0 0.0% · −1', '€0'],
      ['abm', '€200', '4,000', '10 0.25% · −3,990', '0 0.0% · −10', '0 —', '€0'],
      ['brand', '€100', '1,000', '20 2.0% · −980', '1 5.0% · −19', '1 100.0% · −0', '€10,000'],
      ['All', '€600', '7,000', '80 1.1% · −6,920', '2 2.5% · −78', '1 50.0% · −1', '€10,000'],
    ]);
    const [ofBrand, ofAll] = [...new Set(linksOf(page, '1'))].toReversed().toSorted((a, b) => b.length - a.length);
    expect(ofBrand).toContain('in.campaign=brand');
    for (const link of [ofBrand!, ofAll!])
      expect(rowsOf(await dashboard.get(link)).map(([id]) => id)).toEqual(['Closed/Won', 'D1', 'All 1']);
    expect(await dashboard.get(linksOf(page, 'brand')[0]!)).toMatch(/<option value="ad_group"\s+selected>/);
  });

  test('follow visitors through an event funnel', async () => {
    const page = await dashboard.get(`/funnel?view=events&${QUARTER}`);
    expect(rowsOf(page)).toEqual([
      ['Channel', 'Pricing', 'Form'],
      ['Paid Search', '2', '1 50.0% −1 · 1m 30s'],
      ['All', '2', '1 50.0% −1 · 1m 30s'],
    ]);
    expect(textOf(page)).toContain('Form 1 50.0% of Pricing 1 person 1 lost median 1m 30s 50.0% of all');
  });

  test.each([
    ['/funnel?view=funnels', 'view=funnels: expected one of cohort, stages, ads, events'],
    [`/funnel?${QUARTER}&split=won`, 'split_by: unknown stage behind the first "won"; known: closed_won'],
    [`/funnel?view=ads&in.channel=Email`, 'a filter on channel: the ad funnel takes ad_platform=NAME and campaign=NAME'],
  ])('say what is wrong with %s', async (address, message) => {
    expect(textOf(await dashboard.get(address, 400))).toContain(message);
  });

  test('say what to do where there is nothing', async () => {
    expect(textOf(await dashboard.get('/funnel?from=2020-01-01&to=2020-01-31'))).toContain('No leads in these dates');
    const bare = await openDashboard(PEOPLE_TABLES, { config: { ...PEOPLE_CONFIG, funnel: [], eventFunnels: [] } });
    try {
      expect(textOf(await bare.get('/funnel'))).toContain('List conversions in funnel of touchtrail.config.ts');
      expect(textOf(await bare.get('/funnel?view=events'))).toContain('No event funnels yet Describe one in eventFunnels');
    } finally {
      await bare.close();
    }
  });
});

test('markup in what visitors bring stays text in every view', async () => {
  const HOSTILE = '"><script>alert(1)</script>';
  const hostile = await openDashboard(
    PEOPLE_TABLES.map(([table, rows]) =>
      table === REPORT_CREDITS || table === REPORT_SESSIONS
        ? [table, rows.map((row) => ({ ...row, channel: HOSTILE, campaign: HOSTILE, ad_platform: 'google_ads' }))]
        : [table, rows],
    ),
    { config: { ...PEOPLE_CONFIG, conversions: PEOPLE_CONFIG.conversions.map((one) => ({ ...one, label: `${one.label}${HOSTILE}` })) } },
  );
  try {
    for (const view of ['cohort', 'stages', 'ads', 'events']) {
      const page = await hostile.get(`/funnel?view=${view}&${QUARTER}`);
      expect(page, view).toContain('&lt;script&gt;alert(1)');
      expect(page, view).not.toContain('<script>alert(1)');
    }
    const filtered = await hostile.get(`/funnel?${QUARTER}&in.channel=${encodeURIComponent(HOSTILE)}`);
    expect(filtered).not.toContain('<script>alert(1)');
    expect(rowsOf(filtered)[1]![0]).toBe(HOSTILE);
  } finally {
    await hostile.close();
  }
});
