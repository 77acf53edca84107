import { describe, expect, test } from 'vitest';
import type { Row } from '../../../warehouse/warehouse.ts';
import { EXCHANGE_RATES } from '../tables.ts';
import { type Derivation, sqlConversion } from './derivation.ts';
import { type RecordInput, addRecords, replaceRecords } from './records.ts';

const RATES = { rates: { csv: 'rates.csv' } };
const rate = (date: string, currency: string, units: number): Row => ({ date, currency, rate: units });
const NORMALISED = [sqlConversion('lead', { normalize: { to: 'deal', days: 3 } }), sqlConversion('deal')];
const day = (date: string) => `2026-03-0${date} 12:00`;

/** What a conversion is worth. */
export function moneyRules(given: Derivation): void {
  describe('money', () => {
    test('is converted at the rate of the day, else at the last one within seven days, whose day is noted', async () => {
      const world = await given.open(undefined, RATES);
      await world.load(EXCHANGE_RATES, [
        rate('2026-03-02', 'USD', 1.25),
        rate('2026-03-01', 'USD', 2),
        rate('2026-03-01', 'GBP', 0.8),
        rate('2026-02-23', 'JPY', 160),
        rate('2026-02-22', 'CHF', 0.9),
        // A rate of a later day says nothing about an earlier one.
        rate('2026-03-03', 'CHF', 0.9),
      ]);
      await addRecords(
        world,
        { name: 'deal', id: '1', value: 10, currency: 'USD' },
        { name: 'deal', id: '2', value: -10, currency: 'GBP' },
        { name: 'deal', id: '3', value: 1000, currency: 'JPY' },
        { name: 'deal', id: '4', value: 10, currency: 'CHF' },
        { name: 'deal', id: '5', value: 10, currency: 'EUR' },
        { name: 'deal', id: '6', currency: 'USD' },
        // In Berlin it is the third already, and there is no rate of it.
        { name: 'deal', id: '7', at: '2026-03-02 23:30', value: 10, currency: 'USD' },
      );
      const { warnings } = await given.derive();
      expect(await given.rows('id, conversion_date, original_value, currency, raw_value_micros, value_micros, rate, rate_date')).toEqual(
        [
          ['1', '2026-03-02', 10, 'USD', 8_000_000, 1.25, '2026-03-02'],
          ['2', '2026-03-02', -10, 'GBP', -12_500_000, 0.8, '2026-03-01'],
          ['3', '2026-03-02', 1000, 'JPY', 6_250_000, 160, '2026-02-23'],
          ['4', '2026-03-02', 10, 'CHF', null, null, null],
          ['5', '2026-03-02', 10, 'EUR', 10_000_000, null, null],
          ['6', '2026-03-02', null, 'USD', null, null, null],
          ['7', '2026-03-03', 10, 'USD', 8_000_000, 1.25, '2026-03-02'],
        ].map(([id, conversion_date, original_value, currency, micros, units, rate_date]) => ({
          id,
          conversion_date,
          original_value,
          currency,
          raw_value_micros: micros,
          value_micros: micros,
          rate: units,
          rate_date,
        })),
      );
      expect(warnings).toEqual([
        'conversion deal: 1 value in CHF is in no total: no rate is known for CHF of 2026-03-02, nor of the 7 days before',
      ]);
    });

    test('is rounded to micros half away from zero, and empty where micros could not hold it', async () => {
      const world = await given.open(undefined, RATES);
      await world.load(EXCHANGE_RATES, [rate('2026-03-02', 'AAA', 2), rate('2026-03-02', 'BBB', 0.000_000_5)]);
      await addRecords(
        world,
        { name: 'deal', id: '1', value: 0.000_001, currency: 'AAA' },
        { name: 'deal', id: '2', value: -0.000_003, currency: 'AAA' },
        { name: 'deal', id: '3', value: 0.000_000_8, currency: 'AAA' },
        { name: 'deal', id: '4', value: 1_000_000, currency: 'BBB' },
        { name: 'deal', id: '5', value: 500_000, currency: 'BBB' },
      );
      await given.derive();
      expect(await given.rows('id, cast(raw_value_micros as string) as micros')).toEqual([
        { id: '1', micros: '1' },
        { id: '2', micros: '-2' },
        { id: '3', micros: '0' },
        { id: '4', micros: null },
        { id: '5', micros: '1000000000000000000' },
      ]);
    });

    test('in another currency is in no total while there are no rates, and the reader is told how to get them', async () => {
      const world = await given.open();
      await addRecords(world, { name: 'deal', id: '1', value: 10, currency: 'USD' }, { name: 'deal', id: '2', value: 20, currency: 'USD' });
      const { warnings } = await given.derive();
      expect(warnings).toEqual([
        expect.stringMatching(
          /^conversion deal: 2 values in USD are in no total: there are no exchange rates to EUR yet\..*rates: \{ csv: 'rates\.csv' \}/,
        ),
      ]);
      expect((await given.derive()).warnings).toEqual(warnings);
    });
  });

  describe('normalised values', () => {
    test('sum up to the reference over the window that ends on their own day; both values are kept', async () => {
      const world = await given.open(NORMALISED);
      await addRecords(
        world,
        // Of the windows 1–3, 2–4 … the deals have 300, 300, 200, 300, 0 and nothing.
        { name: 'deal', id: 'D1', at: day('2'), value: 100 },
        { name: 'deal', id: 'D2', at: day('3'), value: 200 },
        { name: 'deal', id: 'D3', at: day('6'), value: 100 },
        { name: 'deal', id: 'D4', at: day('6') },
        { name: 'lead', id: 'L1', at: day('3'), value: 1 },
        { name: 'lead', id: 'L2', at: day('3'), value: 2 },
        { name: 'lead', id: 'L3', at: day('4'), value: 3 },
        { name: 'lead', id: 'L4', at: day('6'), value: 7 },
        { name: 'lead', id: 'L5', at: day('9'), value: 5 },
        { name: 'lead', id: 'L6', at: day('9') },
      );
      await given.derive();
      expect(
        await world.rows("select id, raw_value_micros, value_micros from conversions where conversion_name = 'lead' order by id"),
      ).toEqual([
        // Deals of the first to the third: 300; leads: 3.
        { id: 'L1', raw_value_micros: 1_000_000, value_micros: 100_000_000 },
        { id: 'L2', raw_value_micros: 2_000_000, value_micros: 200_000_000 },
        // Deals of the second to the fourth: 300; leads: 1 + 2 + 3.
        { id: 'L3', raw_value_micros: 3_000_000, value_micros: 150_000_000 },
        // Deals of the fourth to the sixth: 100; leads: 3 + 7.
        { id: 'L4', raw_value_micros: 7_000_000, value_micros: 70_000_000 },
        // No deals from the seventh to the ninth.
        { id: 'L5', raw_value_micros: 5_000_000, value_micros: 0 },
        { id: 'L6', raw_value_micros: null, value_micros: null },
      ]);
    });

    test('are rounded half away from zero, and empty where their own sum is 0', async () => {
      const world = await given.open(NORMALISED);
      await addRecords(
        world,
        { name: 'deal', id: 'D', at: day('2'), value: 0.000_001 },
        { name: 'lead', id: 'L1', at: day('2'), value: 1 },
        { name: 'lead', id: 'L2', at: day('2'), value: 1 },
        { name: 'lead', id: 'L3', at: day('5'), value: 1 },
        { name: 'lead', id: 'L4', at: day('5'), value: -1 },
      );
      await given.derive();
      expect(await world.rows("select id, value_micros from conversions where conversion_name = 'lead' order by id")).toEqual([
        // Half a micro each.
        { id: 'L1', value_micros: 1 },
        { id: 'L2', value_micros: 1 },
        { id: 'L3', value_micros: null },
        { id: 'L4', value_micros: null },
      ]);
    });

    test('follow what changes in their window, and nothing else is touched', async () => {
      const world = await given.open(NORMALISED);
      const leads: RecordInput[] = [
        { name: 'lead', id: 'L1', at: day('2'), value: 1 },
        { name: 'lead', id: 'L2', at: day('5'), value: 1 },
        { name: 'lead', id: 'L3', at: day('8'), value: 1 },
      ];
      const deals = (value: number): RecordInput[] => [
        { name: 'deal', id: 'D1', at: day('1'), value: 100 },
        { name: 'deal', id: 'D2', at: day('4'), value },
        { name: 'deal', id: 'D3', at: day('8'), value: 100 },
      ];
      await addRecords(world, ...leads, ...deals(100));
      await given.derive();
      await replaceRecords(world, [...leads, ...deals(150)], [{ name: 'deal', id: 'D2' }]);
      const { changes } = await given.deriveAlone();
      expect(changes).toEqual({ conversions: { inserted: 0, updated: 2, deleted: 0 } });
      expect(await given.rows('id, value_micros')).toEqual([
        { id: 'D1', value_micros: 100_000_000 },
        { id: 'D2', value_micros: 150_000_000 },
        { id: 'D3', value_micros: 100_000_000 },
        { id: 'L1', value_micros: 100_000_000 },
        { id: 'L2', value_micros: 150_000_000 },
        { id: 'L3', value_micros: 100_000_000 },
      ]);
      expect(await given.queued()).toEqual(['D2', 'L2']);
    });
  });
}
