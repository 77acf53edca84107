import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { REPORT_TABLES } from '../../query/testing/world.ts';
import { linksOf, openDashboard, rowsOf, type TestDashboard, textOf } from '../testing/dashboard.ts';

let dashboard: TestDashboard;
beforeAll(async () => {
  dashboard = await openDashboard(REPORT_TABLES);
});
afterAll(() => dashboard.close());

const QUARTER = 'from=2026-01-01&to=2026-03-31&compare=none';
const rows = async (query: string) => rowsOf(await dashboard.get(`/channels?${QUARTER}${query}`));
const csv = async (query: string) => (await dashboard.get(`/channels?${QUARTER}${query}&format=csv`)).trimEnd().split('\r\n');

describe('the report by channel', () => {
  test('shows traffic, cost and the conversions of a model with their share, and a total whose ratios are of totals', async () => {
    expect(await rows('')).toEqual([
      ['', '', 'Closed/Won First click'],
      ['Channel', 'Sessions', 'Cost', 'Conversions', 'Value', 'ROAS'],
      ['Paid Search', '2', '€400', '1 50%', '€10,000', '25.00'],
      ['Organic Search', '1', '—', '1 50%', '€500', '—'],
      ['Paid Social', '0', '€200', '0 0%', '€0', '0.00'],
      ['Direct', '1', '—', '0 0%', '€0', '—'],
      ['Email', '1', '—', '0 0%', '€0', '—'],
      ['All', '5', '€600', '2', '€10,500', '17.50'],
    ]);
  });

  test('sets conversions and models side by side, each with the figures it has, and says how the models differ', async () => {
    const [groups, head, paidSearch, ...others] = await rows('&conversion=lead&conversion=closed_won&model=first_click&model=last_click');
    expect(groups).toEqual(['', '', 'Lead First click', 'Lead Last click', 'Closed/Won First click', 'Closed/Won Last click']);
    // A lead has no value and no return on cost; a deal has them, and its cost says nothing new.
    expect(head?.slice(3)).toEqual([
      'Conversions',
      'CPA',
      'Conversions',
      'CPA',
      'Conversions',
      'Value',
      'ROAS',
      'Conversions',
      'Value',
      'ROAS',
    ]);
    expect(paidSearch?.slice(3)).toEqual([
      '1 33.3%',
      '€400',
      '0 Δ -100%',
      '—',
      '1 50%',
      '€10,000',
      '25.00',
      '0 Δ -100%',
      '€0 Δ -100%',
      '0.00 Δ -100%',
    ]);
    expect(others.at(-1)?.slice(3)).toEqual(['3', '€200', '3', '€200', '2', '€10,500', '17.50', '2', '€10,500', '17.50']);
    expect(others.map(([channel]) => channel)).toContain('(not attributed)');
  });

  test('takes differences from the model that is asked for', async () => {
    const [, , ...body] = await rows('&model=first_click&model=last_click&base=last_click');
    const email = body.find(([channel]) => channel === 'Email');
    expect(email?.slice(3)).toEqual(['0 Δ -100%', '€0 Δ -100%', '—', '1 50%', '€10,000', '—']);
  });

  test('shows fractions of conversions with decimals in the whole column, and whole ones without', async () => {
    const found = await rows('&model=linear');
    expect(found.slice(2).map((row) => [row[0], row[3]?.split(' ')[0]])).toEqual([
      ['Paid Search', '0.67'],
      ['Email', '0.33'],
      ['Paid Social', '0.00'],
      ['Direct', '0.00'],
      ['Organic Search', '0.00'],
      ['All', '1.00'],
    ]);
  });

  test('leads from a channel to its sources, campaigns and ads, and back', async () => {
    const page = await dashboard.get(`/channels?${QUARTER}`);
    const [inside] = linksOf(page, 'Paid Search');
    const sources = await dashboard.get(inside!);
    expect(
      rowsOf(sources)
        .slice(1, 3)
        .map((row) => row.slice(0, 3)),
    ).toEqual([
      ['Source', 'Sessions', 'Cost'],
      ['google', '2', '€400'],
    ]);
    const campaigns = await dashboard.get(linksOf(sources, 'google')[0]!);
    expect(
      rowsOf(campaigns)
        .slice(2)
        .map((row) => row.slice(0, 3)),
    ).toEqual([
      ['brand', '1', '€100'],
      ['generic', '1', '€300'],
      ['All', '2', '€400'],
    ]);
    expect(textOf(campaigns)).toContain('All Channel Paid Search Source google');
    const back = await dashboard.get(linksOf(campaigns, 'Channel Paid Search')[0]!);
    expect(rowsOf(back)).toEqual(rowsOf(sources));
    expect(linksOf(campaigns, 'All').at(-1)).toContain('by=channel');
    expect(linksOf(campaigns, 'All').at(-1)).not.toContain('in.');
  });

  test('orders by any column, either way, and says so', async () => {
    const page = await dashboard.get(`/channels?${QUARTER}`);
    const bySessions = linksOf(page, 'Sessions')[0]!;
    expect(bySessions).toContain('sort=sessions%3Adesc');
    const sorted = await dashboard.get(`/channels?${QUARTER}&sort=cost:asc`);
    expect(sorted).toContain('aria-sort="ascending"');
    expect(
      rowsOf(sorted)
        .slice(2, 4)
        .map(([channel]) => channel),
    ).toEqual(['Paid Social', 'Paid Search']);
    expect(linksOf(sorted, 'Cost ↑')[0]).toContain('sort=cost%3Adesc');
  });

  test('by click, the credit stands at the date of the visit', async () => {
    const first = rowsOf(await dashboard.get('/channels?from=2026-01-01&to=2026-01-31&compare=none&basis=click_time'));
    expect(first.find(([channel]) => channel === 'Paid Search')?.slice(0, 5)).toEqual(['Paid Search', '2', '€400', '1 100%', '€10,000']);
    expect(first.at(-1)?.slice(0, 5)).toEqual(['All', '3', '€400', '1', '€10,000']);
  });

  test('figures can be chosen, and one that is always empty has no column', async () => {
    expect((await rows('&metric=users&metric=conversions&metric=cpa&metric=profit'))[1]).toEqual([
      'Channel',
      'Users',
      'Conversions',
      'CPA',
    ]);
    expect(await dashboard.get(`/channels?${QUARTER}&metric=rois`, 400).then(textOf)).toContain(
      'metric=rois: expected one of sessions, users,',
    );
  });

  test('rows by a dimension that costs do not have show their cost in the total only, and why', async () => {
    const page = await dashboard.get(`/channels?${QUARTER}&by=country`);
    expect(rowsOf(page).at(-1)?.[2]).toBe('€600');
    expect(textOf(page)).toContain('ad costs are not known by country: they stand in the total only');
  });
});

describe('filters', () => {
  test('the fields of the form become a filter of the address', async () => {
    const answer = await dashboard.app.request(`/channels?${QUARTER}&add.field=channel&add.operator=~&add.value=Paid`);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `/channels?${QUARTER}&filter=channel%7EPaid`]);
    const [, , ...body] = rowsOf(await dashboard.get(answer.headers.get('location')!));
    expect(body.map(([channel]) => channel)).toEqual(['Paid Search', 'Paid Social', 'All']);
  });

  test.each([
    ['add.field=campaign&add.operator=%3D-&add.value=', 'campaign%3D'],
    ['add.field=campaign&add.operator=%3D*&add.value=ignored', 'campaign%3D*'],
    ['add.field=cost&add.operator=%3E%3D&add.value=300', 'cost%3E%3D300'],
    ['add.field=source&add.operator=%3D&add.value=google%7Clinkedin', 'source%3Dgoogle%7Clinkedin'],
  ])('%s → filter=%s', async (fields, filter) => {
    const location = (await dashboard.app.request(`/channels?${QUARTER}&${fields}`)).headers.get('location');
    expect(location).toBe(`/channels?${QUARTER}&filter=${filter}`);
    await dashboard.get(location!);
  });

  test('a field or a value that is left empty adds none', async () => {
    for (const fields of [
      'add.field=&add.operator=%3D&add.value=x',
      'add.field=channel&add.operator=%3D&add.value=+',
      'add.field=channel&add.operator=x&add.value=y',
    ]) {
      expect((await dashboard.app.request(`/channels?${QUARTER}&${fields}`)).headers.get('location')).toBe(`/channels?${QUARTER}`);
    }
  });

  test('each can be taken away', async () => {
    const page = await dashboard.get(`/channels?${QUARTER}&filter=channel~Paid&filter=cost>=300`);
    expect(
      rowsOf(page)
        .slice(2)
        .map(([channel]) => channel),
    ).toEqual(['Paid Search', 'All']);
    expect(linksOf(page, '×')[0]).not.toContain('channel%7EPaid');
  });

  test('one that nobody knows is answered with what there is', async () => {
    expect(textOf(await dashboard.get(`/channels?${QUARTER}&filter=chanel=Paid`, 400))).toContain('did you mean "channel"?');
  });
});

describe('the CSV', () => {
  test('has the columns of the view with their exact numbers', async () => {
    expect(await csv('')).toEqual([
      'channel,sessions,cost,closed_won.first_click.conversions,closed_won.first_click.conversion_value,closed_won.first_click.roas',
      'Paid Search,2,400,1,10000,25',
      'Organic Search,1,,1,500,',
      'Paid Social,0,200,0,0,0',
      'Direct,1,,0,0,',
      'Email,1,,0,0,',
    ]);
  });

  test('holds the differences between models that the view shows', async () => {
    const [head, ...body] = await csv('&model=first_click&model=last_click&metric=conversions');
    expect(head).toBe(
      'channel,closed_won.first_click.conversions,closed_won.last_click.conversions,closed_won.last_click.conversions.vs.first_click',
    );
    expect(body).toContain('Paid Search,1,0,-1');
    // Of nothing there is no difference.
    expect(body).toContain('Email,0,1,');
  });
});
