import type { Browser, Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { countEvents } from '../../simulator/messages.ts';
import { hasValue } from '../../simulator/screen-tables.ts';
import { channelOf, funnels, WHOLE_HISTORY } from '../../simulator/truth-tables.ts';
import { NOT_ATTRIBUTED, type Stage, STAGES, type Truth } from '../../simulator/truth.ts';
import type { World } from '../../simulator/world.ts';
import { openTab } from './browse.ts';

const WHOLE = `from=${WHOLE_HISTORY.from}&to=${WHOLE_HISTORY.to}&compare=none`;
const LABELS = { lead: 'Lead', mql: 'MQL', hand_raiser: 'Hand raiser', opportunity: 'Opportunity', closed_won: 'Closed/Won' } as const;

const count = (value: number) => value.toLocaleString('en');
const number = (text: string) => Number(text.replaceAll(',', ''));
const euros = (cents: number) => `€${Math.round(cents / 100).toLocaleString('en')}`;

/** What the browser shows. */
interface Shown {
  /** The figure of each tile by its label. */
  readonly tiles: Readonly<Record<string, string>>;
  /** Of each table, by its caption, rows of cells. Of a cell the figure, and what stands in small below it. */
  readonly tables: readonly {
    readonly caption: string;
    readonly rows: readonly (readonly { text: string; below: readonly string[] }[])[];
  }[];
  readonly text: string;
}

const shownOn = (page: Page): Promise<Shown> =>
  page.evaluate(() => {
    // Runs in the page, where nothing of this file is known.
    const spaces = /\s+/g;
    const textOf = (node: Element | null | undefined) => node?.textContent?.replaceAll(spaces, ' ').trim() ?? '';
    const figureOf = (cell: Element) => textOf(cell.querySelector('b, a, time') ?? cell);
    return {
      tiles: Object.fromEntries(
        [...document.querySelectorAll('.tile')].map((tile) => [textOf(tile.querySelector('.label')), textOf(tile.querySelector('.value'))]),
      ),
      tables: [...document.querySelectorAll('main table')].map((table) => ({
        caption: textOf(table.querySelector('caption')),
        rows: [...table.querySelectorAll('tbody tr, tfoot tr')].map((row) =>
          [...row.children].map((cell) => ({
            text: figureOf(cell),
            below: [...cell.querySelectorAll('.below')].map((one) => textOf(one)),
          })),
        ),
      })),
      text: textOf(document.querySelector('main')),
    };
  });

/** Cells of a table by the head of their row, without what stands below them. */
const byHead = (rows: Shown['tables'][number]['rows']) =>
  new Map(rows.map(([head, ...cells]) => [head!.text, cells.map(({ text }) => text)] as const));

/** The pages that are not asked about in detail elsewhere: what they show equals what the simulator knows of its world. */
export function describeTruthOnPages(place: () => { readonly url: string; readonly browser: Browser }, truth: Truth, world: World): void {
  const open = async (address: string): Promise<Shown> => {
    const { page, faults, ...tab } = await openTab(place().browser, { width: 1280, scheme: 'light' });
    try {
      await page.goto(place().url + address);
      expect(faults).toEqual([]);
      return await shownOn(page);
    } finally {
      await tab.close();
    }
  };
  const of = (stage: Stage) => truth.conversions.filter((conversion) => conversion.stage === stage);
  const missing = (stage: Stage) => of(stage).filter((one) => channelOf(one, 'first_click') === NOT_ATTRIBUTED).length;
  const sum = (name: 'cents' | 'impressions' | 'clicks') => truth.costs.reduce((all, cost) => all + cost[name], 0);

  describe('what the pages say of the simulated company', () => {
    test('the stages of the funnel: every cell', async () => {
      const { tables } = await open(`/funnel?view=stages&${WHOLE}&model=first_click`);
      const expected = funnels(truth).first_click;
      const { rows } = tables[0]!;
      expect(rows.length).toBeGreaterThan(5);
      for (const [head, ...cells] of rows.slice(0, -1)) {
        STAGES.forEach((stage, i) => {
          const sum = expected[stage].get(head!.text);
          const where = `${head!.text} ${stage}`;
          expect(cells[i]!.text, where).toBe(count(sum?.conversions ?? 0));
          if (hasValue(stage)) expect(cells[i]!.below, where).toEqual([euros(sum?.valueCents ?? 0)]);
        });
      }
      expect(rows.at(-1)!.map(({ text }) => text)).toEqual(['All', ...STAGES.map((stage) => count(of(stage).length))]);
    });

    test('the cohort of leads: how many of each channel came how far, each a link to them', async () => {
      const { tables } = await open(`/funnel?${WHOLE}&model=first_click`);
      const channels = new Map<string, Set<unknown>[]>();
      const leads = new Map(of('lead').map((conversion) => [conversion.lead, channelOf(conversion, 'first_click')]));
      for (const [i, stage] of STAGES.entries()) {
        for (const { lead } of of(stage)) {
          const channel = leads.get(lead)!;
          const sets = channels.get(channel) ?? STAGES.map(() => new Set());
          channels.set(channel, sets);
          sets[i]!.add(lead);
        }
      }
      const shown = byHead(tables[0]!.rows);
      const total = STAGES.map((stage) => count(new Set(of(stage).map(({ lead }) => lead)).size));
      const expected = [...channels].map(([channel, sets]): [string, string[]] => [channel, sets.map(({ size }) => count(size))]);
      expect(shown).toEqual(new Map([...expected, ['All', total]]));

      const [won] = [...channels.get('Paid Search')!].slice(-1);
      const behind = await open(`/journeys?${WHOLE}&conversion=lead&model=first_click&reached=closed_won&in.channel=Paid+Search`);
      expect(
        behind.tables[0]!.rows.slice(0, -1)
          .map(([id]) => id!.text)
          .toSorted(),
      ).toEqual(
        of('lead')
          .filter(({ lead }) => won!.has(lead))
          .map(({ id }) => id)
          .toSorted(),
      );
    });

    test('costs: what the platforms reported, and what is not attributed', async () => {
      const { tiles, tables } = await open(`/costs?${WHOLE}&model=first_click`);
      expect(tiles['Ad cost']).toBe(euros(sum('cents')));
      expect(byHead(tables[0]!.rows).get('All')!.slice(0, 3)).toEqual([
        euros(sum('cents')),
        count(sum('impressions')),
        count(sum('clicks')),
      ]);
      const { rows } = tables.find(({ rows: [first] }) => first?.[0]?.text === LABELS.lead)!;
      const shown = byHead(rows);
      for (const stage of STAGES)
        expect(shown.get(LABELS[stage])?.slice(0, 2), stage).toEqual([count(of(stage).length), count(missing(stage))]);
    });

    test('identity: persons, their devices, and how many have several', async () => {
      const { tiles, tables } = await open('/identity');
      const devices = truth.people.reduce((all, person) => all + person.devices.length, 0);
      const bySize = Map.groupBy(truth.people, (person) => person.devices.length);
      expect(tiles).toMatchObject({
        Persons: count(truth.people.length),
        'Anonymous ids': count(devices),
        'Persons with several devices': count(truth.people.filter((person) => person.devices.length > 1).length),
        'Anonymous ids joined': count(devices - truth.people.length),
      });
      const { rows } = tables.find(({ caption }) => caption.startsWith('Persons by their anonymous ids'))!;
      expect(rows.map(([size, persons]) => [size!.text, persons!.text])).toEqual(
        [...bySize].toSorted(([a], [b]) => a - b).map(([size, persons]) => [String(size), count(persons.length)]),
      );
    });

    test('runs: no failure, and an account in which every event of the company is stored once', async () => {
      const { tiles, tables } = await open('/runs');
      expect(tiles['Last run']).toBe('Done');
      expect(tiles['Runs that failed']).toBe('0');
      const steps = tables[0]!.rows.map(([step, status]) => [step!.text, status!.text]);
      expect(steps).toEqual(
        expect.arrayContaining([
          ['sessions', 'done'],
          ['attribution', 'done'],
          ['publish', 'done'],
        ]),
      );
      const { rows } = tables.at(-1)!;
      const [, , accepted, stored, duplicate, ...others] = rows[0]!.map(({ text }) => text);
      expect(stored).toBe(count(countEvents(world)));
      expect(number(accepted!)).toBe(number(stored!) + number(duplicate!));
      expect(others).toEqual(['—', '—', '—', '—']);
    });
  });
}
