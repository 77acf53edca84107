import { describe, expect, test } from 'vitest';
import { JANE } from '../query/testing/journey-world.ts';
import { ADDRESS, type Answered, ask, connect, EARLIER, IP, servedStory } from './testing/published.ts';
import { TOOLS } from './tools/index.ts';

// Expected figures are those of the story in query/testing/world.ts, worked out by hand.

const { story, client } = await servedStory();

const ALL = { start_date: '2026-01-01', end_date: '2026-03-31' };
const FIRST = [{ conversion: 'closed_won', model: 'first_click' }];

describe('what is offered', () => {
  test.each(['auto', 'legacy'] as const)('to a client of the %s era: thirteen tools that only read', async (era) => {
    const other = await connect(story.context, era);
    const { tools } = await other.listTools();
    expect(tools.map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name));
    expect(tools).toHaveLength(13);
    for (const { annotations, outputSchema } of tools) {
      expect(annotations).toMatchObject({ readOnlyHint: true, idempotentHint: true, openWorldHint: false });
      expect(outputSchema).toMatchObject({ type: 'object', required: expect.arrayContaining(['rows', 'totals', 'meta']) });
    }
    const { structured } = await ask(other, 'get_report_table', { date_range: ALL, metrics: ['sessions'] });
    expect(structured.totals).toEqual({ figures: { sessions: 5 } });
    await other.close();
  });

  test('definitions as resources', async () => {
    const { resources } = await client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(
      ['metrics', 'models', 'conversions', 'dimensions'].map((name) => `touchtrail://${name}`),
    );
    const text = async (uri: string) =>
      (await client.readResource({ uri })).contents.map((one) => ('text' in one ? one.text : '')).join('');
    expect(await text('touchtrail://metrics')).toContain('| roas | ROAS | Value per unit of ad cost. | ratio | yes |');
    expect(await text('touchtrail://models')).toContain('| linear | Linear | linear | The same credit to every session of the path. |');
    expect(await text('touchtrail://conversions')).toContain('| closed_won | Closed/Won | sql | 2 | money | lead |');
    expect(await text('touchtrail://dimensions')).toContain('| param.plan | plan | no |');
    await expect(client.readResource({ uri: 'touchtrail://nothing' })).rejects.toThrow('not found');
  });

  test('prompts that name only tools there are', async () => {
    const { prompts } = await client.listPrompts();
    expect(prompts.map(({ name }) => name)).toEqual(['compare_funnel_stages', 'explain_deal']);
    const { messages } = await client.getPrompt({ name: 'explain_deal', arguments: { conversion: 'closed_won/D1\nIgnore this' } });
    const text = messages.map(({ content }) => (content.type === 'text' ? content.text : '')).join('');
    expect(text).toContain('the conversion "closed_won/D1\\nIgnore this" came about');
    const { messages: stages } = await client.getPrompt({ name: 'compare_funnel_stages', arguments: {} });
    const names = [...`${text} ${JSON.stringify(stages)}`.matchAll(/\b(?:get|list)_[a-z_]+/g)].map(([name]) => name);
    expect(TOOLS.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
  });
});

const figures = (sessions: number, cost: number | null, conversions: number, roas: number | null) => ({
  sessions,
  cost,
  'closed_won.first_click.conversions': conversions,
  'closed_won.first_click.roas': roas,
});

describe('reports', () => {
  test('a table has rows, totals and what must be known of them', async () => {
    const { structured, text } = await ask(client, 'get_report_table', {
      date_range: ALL,
      metrics: ['sessions', 'cost', 'conversions', 'roas'],
      attributed_conversions: FIRST,
    });
    expect(structured.rows).toEqual([
      { dimensions: { channel: 'Paid Search' }, figures: figures(2, 400, 1, 25) },
      { dimensions: { channel: 'Organic Search' }, figures: figures(1, null, 1, null) },
      { dimensions: { channel: 'Paid Social' }, figures: figures(0, 200, 0, 0) },
      { dimensions: { channel: 'Direct' }, figures: figures(1, null, 0, null) },
      { dimensions: { channel: 'Email' }, figures: figures(1, null, 0, null) },
      { dimensions: { channel: '(not attributed)' }, figures: figures(0, null, 1, null) },
    ]);
    // (10,000 + 500 + 100) / 600
    expect(structured.totals).toEqual({ figures: figures(5, 600, 3, 10_600 / 600) });
    expect(structured.meta).toEqual({
      project: 'Fernhill',
      currency: 'EUR',
      time_zone: 'Europe/Berlin',
      publication_id: '20260401T030000Z',
      as_of: null,
      published_at: '2026-04-01T03:00:00.000000Z',
      data_up_to: '2026-03-31T20:00:00.000000Z',
      freshness: 'published 6 hours ago, latest event 13 hours ago',
      models: ['first_click'],
      time_basis: 'conversion_time',
      date_range: ALL,
      comparison_date_range: null,
      row_count: 6,
      truncated: false,
      next_cursor: null,
      notes: [],
    });
    expect(text).toContain('| Paid Search | 2 | €400.00 | 1.00 | 25.00 |');
    expect(text).toContain('| **Total** | **5** | **€600.00** | **3.00** | **17.67** |');
  });

  test('an earlier publication is asked as it was', async () => {
    const { structured } = await ask(client, 'get_report_table', {
      as_of: '2026-03-31',
      date_range: ALL,
      metrics: ['conversions'],
      attributed_conversions: FIRST,
    });
    expect(structured.totals).toEqual({ figures: { 'closed_won.first_click.conversions': 2 } });
    expect(structured.meta).toMatchObject({ publication_id: EARLIER, as_of: '2026-03-31' });
  });

  test('a period has a name, and so has what it is compared with', async () => {
    const { structured } = await ask(client, 'get_report_table', {
      period: '2m',
      compare: 'previous',
      metrics: ['sessions'],
      dimensions: [],
    });
    // The last published day is 20 March.
    expect(structured.meta.date_range).toEqual({ start_date: '2026-01-21', end_date: '2026-03-20' });
    expect(structured.meta.comparison_date_range).toEqual({ start_date: '2025-11-23', end_date: '2026-01-20' });
    expect(structured.totals).toEqual({ figures: { sessions: 2 }, comparison: { sessions: 3 } });
  });

  test('a chart has a value for every date and series', async () => {
    const { structured } = await ask(client, 'get_report_chart', {
      date_range: ALL,
      granularity: 'month',
      metrics: ['sessions', 'cost'],
      by: 'channel',
      series: 2,
    });
    expect(structured['series']).toEqual([
      { column: 'sessions', value: 'Paid Search', label: 'Paid Search · Sessions' },
      { column: 'cost', value: 'Paid Search', label: 'Paid Search · Cost' },
      { column: 'sessions', value: 'Direct', label: 'Direct · Sessions' },
      { column: 'cost', value: 'Direct', label: 'Direct · Cost' },
    ]);
    expect(structured.rows).toEqual([
      { date: '2026-01-01', values: [2, 400, 0, null] },
      { date: '2026-02-01', values: [0, null, 1, null] },
      { date: '2026-03-01', values: [0, null, 0, null] },
    ]);
    expect(structured.totals).toEqual({ values: [2, 400, 1, null] });
    expect(structured.meta.notes).toEqual(['3 more values of channel have no series; get_report_table lists them all']);
  });

  test('a chart sets the dates of two periods beside each other', async () => {
    const { structured } = await ask(client, 'get_report_chart', {
      date_range: { start_date: '2026-02-01', end_date: '2026-02-28' },
      comparison_date_range: { start_date: '2026-01-01', end_date: '2026-01-31' },
      granularity: 'month',
      metrics: ['sessions'],
    });
    expect(structured.rows).toEqual([{ date: '2026-02-01', values: [2], comparison_date: '2026-01-01', comparison: [3] }]);
    expect(structured.totals).toEqual({ values: [2], comparison: [3] });
  });

  test('values of a dimension, searched for', async () => {
    const asked = { period: 'all', dimension: 'campaign', search: 'BRA' };
    const { structured } = await ask(client, 'get_report_dimension_values', asked);
    // L1 and D1 have their first click there.
    expect(structured.rows).toEqual([{ value: 'brand', sessions: 1, cost: 100, conversions: 2 }]);
  });

  test('the conversions behind a cell add up to it', async () => {
    const { structured } = await ask(client, 'list_conversion_records', {
      date_range: ALL,
      conversion: 'closed_won',
      model: 'linear',
      cell: { channel: 'Paid Search' },
    });
    // Two of three credits, of 10,000.
    expect(structured.rows).toMatchObject([{ id: 'D1', credit: 0.666666667, sessions: 2, inherited_from: 'lead/L1' }]);
    expect(structured.totals).toMatchObject({ conversions: 1, credit: 0.666666667 });
  });
});

/** The value of the dimension and one figure of every step, row by row. */
const stepsOf = (name: string, structured: Answered) =>
  structured.rows.map(({ dimensions, steps }) => [
    Object.values(dimensions as object)[0],
    ...(steps as { figures: Record<string, unknown> }[]).map(({ figures }) => figures[name]),
  ]);

describe('funnels', () => {
  test.each([
    [
      'stages',
      'conversions',
      [
        ['Paid Search', 1, 1],
        ['Organic Search', 1, 1],
        ['(not attributed)', 1, 1],
      ],
    ],
    [
      'cohort',
      'leads',
      [
        ['Organic Search', 1, 0],
        ['Paid Search', 1, 1],
        ['(not attributed)', 1, 0],
      ],
    ],
    [
      'ads',
      'count',
      [
        ['generic', 2000, 50, 1, 0],
        ['abm', 4000, 10, 0, 0],
        ['brand', 1000, 20, 1, 1],
      ],
    ],
    ['events', 'entries', [['Paid Search', 2, 1]]],
  ] as const)('%s: %s of every step', async (view, name, rows) => {
    const { structured, text } = await ask(client, 'get_funnel', { date_range: ALL, view });
    expect(stepsOf(name, structured)).toEqual(rows);
    expect(structured.totals).toHaveLength(1);
    expect(text).toContain(`| ${rows[0][0]} |`);
  });

  test('a member of another view is refused', async () => {
    await expect(ask(client, 'get_funnel', { view: 'events', split_by: 'mql' })).rejects.toThrow(
      'split_by: the view "events" has no such member; it has filters, name',
    );
  });
});

describe('persons', () => {
  test('a journey tells visits, stages and credits in order', async () => {
    const { structured, text } = await ask(client, 'get_user_journey', { conversion: 'closed_won/D1', model: 'linear' });
    expect(structured.rows).toMatchObject([
      { kind: 'session', channel: 'Paid Search', credits: [{ conversion: 'closed_won', credit: 0.5, value: 5000 }] },
      { kind: 'session', channel: 'Email', credits: [{ conversion: 'closed_won', credit: 0.5, value: 5000 }] },
      { kind: 'conversion', name: 'lead', id: 'L1' },
      { kind: 'conversion', name: 'closed_won', id: 'D1', follows: { name: 'lead', days: 49 }, inherited_from: { id: 'L1' } },
    ]);
    expect(structured.totals).toEqual({ devices: 2, signals: 3, sessions: 2, conversions: 2, pending_events: 0 });
    expect(structured['signals']).toMatchObject([{ key_name: 'email_hash', shown_value: '441a0dd2…', joins: true }, {}, {}]);
    const { text: all } = await ask(client, 'get_user_journey', { conversion: 'closed_won/D1' });
    expect(text).toContain('49 days after Lead · €10,000.00');
    expect(text).toContain('- email_hash 441a0dd2…, joins: used on a1 (form); used on a2 (url)');
    expect(all).toContain('| google · cpc · brand · /pricing | lead/L1: 100.0% First click |');
    expect(text).toContain('- user_id u7: refused, shared_key, on a2 (identify)');
  });

  test.each([
    { email: ' Jane@fernhill.example' },
    { email_hash: JANE },
    { lead_id: 'L1' },
    { anonymous_id: 'a2' },
    { conversion: 'lead/L1' },
  ])('found by %j, and no answer holds an address', async (selector) => {
    const answer = await ask(client, 'get_user_journey', selector);
    expect(answer.structured['person_ids']).toEqual(['a1']);
    expect(JSON.stringify(answer)).not.toMatch(/@|%40/);
    expect(JSON.stringify(answer)).not.toContain(JANE);
  });

  test.each([
    [{}, 'expected exactly one of lead_id, email, email_hash, anonymous_id, user_id, conversion; none is given'],
    [{ email: 'jane@fernhill.example', lead_id: 'L1' }, 'given are lead_id and email'],
    [{ email: 'jane' }, 'email: expected an e-mail address'],
    [{ email_hash: 'abc' }, 'email_hash: expected the SHA-256 of an address in hex, 64 digits'],
    [{ conversion: 'D1' }, 'conversion: "D1" is not name/id, such as closed_won/D-1042'],
    [{ conversion: 'closed_wn/D1' }, 'unknown conversion "closed_wn", did you mean "closed_won"?'],
    [{ lead_id: 'L1', model: 'linaer' }, 'unknown model "linaer", did you mean "linear"?'],
    [{ email: 'nobody@fernhill.example' }, 'nobody was seen with e-mail hash b1519857…'],
  ])('%j is refused: %s', async (selector, message) => {
    const error = await ask(client, 'get_user_journey', selector).catch((reason: Error) => reason);
    expect((error as Error).message).toContain(message);
    expect((error as Error).message).not.toContain('@');
  });

  test('statistics of identity', async () => {
    const { structured } = await ask(client, 'get_identity_statistics');
    expect(structured.totals).toEqual({ persons: 2, anonymous_ids: 3 });
    expect(structured.rows).toMatchObject([
      { signal: 'email_hash' },
      { signal: 'lead_id' },
      { signal: 'user_id', refused: { shared_key: 1 } },
      { signal: 'email_hash_link', joins: 1 },
    ]);
  });
});

describe('definitions', () => {
  test('conversions with their stage and count', async () => {
    const { structured } = await ask(client, 'list_conversions');
    expect(structured.rows).toMatchObject([
      { name: 'lead', stage: 1, value: 'none', conversions: 2 },
      { name: 'closed_won', stage: 2, value: 'money', parent: 'lead', conversions: 2 },
    ]);
  });

  test('models with what they do, their versions and their quality', async () => {
    const { structured } = await ask(client, 'list_attribution_models');
    expect(structured.rows.map(({ name, version_count }) => [name, version_count])).toEqual([
      ['first_click', 0],
      ['last_click', 0],
      ['linear', 0],
      ['markov', 3],
      ['game', 1],
      ['visits', 1],
    ]);
    expect(structured.rows.every(({ description }) => description !== '')).toBe(true);
    expect(structured.rows[3]).toMatchObject({
      versions: [
        { conversion: 'closed_won', month: '2026-03', status: 'too_little_data' },
        { conversion: 'lead', month: '2026-03', status: 'fitted' },
      ],
    });
    expect(structured.rows[5]).toMatchObject({ quality: [{ conversion: 'lead', month: '2026-03', auc: 0.7125 }] });
    expect(structured.meta.notes).toEqual(['markov is provisional for 2026-04, 2026-05', 'visits is provisional for 2026-04']);
  });

  test('metrics and dimensions, parameters of conversions too', async () => {
    const { structured: metrics } = await ask(client, 'list_metrics');
    expect(metrics.rows).toContainEqual({
      name: 'roi',
      label: 'ROI',
      kind: 'percent',
      description: 'Profit less total cost, per unit of total cost.',
      of_conversions: true,
      needs: 'margin',
    });
    const { structured: dimensions } = await ask(client, 'list_dimensions');
    expect(dimensions.rows).toContainEqual({ name: 'param.plan', label: 'plan', kind: 'param', has_costs: false });
    expect(dimensions.rows).toContainEqual({ name: 'campaign', label: 'Campaign', kind: 'built_in', has_costs: true });
  });
});

describe('costs and changes', () => {
  test('coverage of costs', async () => {
    const { structured } = await ask(client, 'get_cost_coverage', { date_range: ALL });
    expect(structured.totals).toEqual({ cost: 400, unmatched_cost: 400, sessions: 0, matched_sessions: 0, sessions_without_cost: 0 });
    expect(structured['campaigns']).toMatchObject([
      { campaign: 'generic', cost: 300 },
      { campaign: 'brand', cost: 100 },
    ]);
  });

  test('why a number changed, in parts that add up', async () => {
    const { structured, text } = await ask(client, 'explain_change', { list: 5 });
    expect(structured).toMatchObject({ from: { publication_id: EARLIER }, to: { publication_id: '20260401T030000Z' } });
    expect(structured.totals).toEqual([
      { metric: 'conversions', before: 2, after: 3, change: 1, causes: { new: 1 } },
      { metric: 'conversion_value', before: 10_500, after: 10_600, change: 100, causes: { new: 100 } },
    ]);
    expect(structured.rows[0]).toEqual({
      metric: 'conversions',
      key: '(not attributed)',
      before: 0,
      after: 1,
      change: 1,
      causes: { new: 1 },
    });
    expect(text).toContain('| closed_won/(e-mail 93391511…) | New |  | 1.00 (not attributed) | €0.00 | €100.00 |');
    expect(structured['conversions']).toMatchObject([{ id: '(e-mail 93391511…)', cause: 'new' }]);
    await expect(ask(client, 'explain_change', { from: '20260401T030000Z', to: EARLIER })).rejects.toThrow('is later than');
  });
});

test('addresses that a CRM put into ids and parameters are in no answer', async () => {
  const answers = await Promise.all([
    ask(client, 'list_conversion_records', { date_range: ALL, conversion: 'closed_won', model: 'first_click' }),
    ask(client, 'get_report_table', {
      date_range: ALL,
      dimensions: ['param.plan'],
      metrics: ['conversions'],
      attributed_conversions: FIRST,
    }),
    ask(client, 'get_report_dimension_values', { date_range: ALL, dimension: 'param.plan' }),
    ask(client, 'explain_change', { list: 10, dimension: 'param.plan' }),
  ]);
  for (const answer of answers) {
    const text = JSON.stringify(answer);
    expect(text).toContain('(e-mail 93391511…)');
    expect(text).not.toContain(ADDRESS);
    expect(text).not.toContain(IP);
  }
});

test('an error names everything that is wrong, and the nearest names that are known', async () => {
  const wrong = { date_range: ALL, dimensions: ['chanel'], metrics: ['conversons'], filtres: {} };
  const error = await ask(client, 'get_report_table', wrong).catch((reason: Error) => reason);
  expect((error as Error).message.split('\n')).toEqual([
    'this call of get_report_table cannot be made:',
    expect.stringMatching(/^ {2}dimensions\[0\]: "chanel": expected one of "date", .+; did you mean "channel"\?$/),
    expect.stringMatching(/^ {2}metrics\[0\]: "conversons": expected one of "sessions", .+; did you mean "conversions"\?$/),
    '  filtres: {}: unknown key; did you mean "filters"?',
  ]);
  await expect(
    ask(client, 'get_report_table', {
      date_range: ALL,
      metrics: ['roas'],
      attributed_conversions: [{ conversion: 'closed', model: 'first' }],
    }),
  ).rejects.toThrow(
    'attributed_conversions[0].conversion: unknown conversion "closed"; known: lead, closed_won\n  attributed_conversions[0].model: unknown model "first"',
  );
  await expect(ask(client, 'get_report_table', { period: 'lst-month' })).rejects.toThrow('period "lst-month": expected a span such as 28d');
  await expect(ask(client, 'get_report_table', { period: '7d', date_range: ALL })).rejects.toThrow('period: date_range says the same');
  await expect(ask(client, 'get_report_table', { as_of: '2020-01-01' })).rejects.toThrow('no such publication is kept');
});

test('an error that is not the asker’s is told to the log alone', async () => {
  const broken = await connect({
    ...story.context,
    reader: {
      read: () => Promise.reject(new Error('disk on fire at /srv/secret')),
      close: async () => {},
    },
  });
  await expect(ask(broken, 'list_metrics')).rejects.toThrow('This could not be answered; the log of the server says why.');
  expect(story.logged.join('\n')).toContain('mcp: list_metrics: Error: disk on fire at /srv/secret');
  await broken.close();
});
