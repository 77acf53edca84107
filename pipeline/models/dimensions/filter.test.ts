import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Filter } from '../../config/conversions.ts';
import { Config, type ConfigInput } from '../../config/schema.ts';
import { openDuckDb } from '../../warehouse/duckdb/duckdb.ts';
import { param, raw, sql } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import { customDimension } from './custom.ts';
import { filterSql } from './filter.ts';
import { FILTER_CASES, FILTER_EVENT } from './testing/filter-cases.ts';

let warehouse: Warehouse;
beforeAll(async () => {
  warehouse = await openDuckDb(':memory:');
});
afterAll(() => warehouse.close());

test.each(FILTER_CASES)('%s', async (_, filter, expected) => {
  const { dialect } = warehouse;
  const condition = filterSql(dialect, filter, {
    dimension: (name) => sql`${param(FILTER_EVENT.dimensions[name] ?? null, 'STRING')}`,
    properties: dialect.parseJson(sql`${JSON.stringify(FILTER_EVENT.properties)}`),
  });
  expect(await warehouse.rows(sql`select ${condition} as holds`)).toEqual([{ holds: expected }]);
});

describe('a dimension of the config', () => {
  const dimensions: ConfigInput['dimensions'] = {
    region: {
      label: 'Region',
      rules: [
        {
          value: 'Brand',
          when: {
            all: [
              { dimension: 'source', equals: 'Google' },
              { dimension: 'campaign', contains: 'brand' },
            ],
          },
        },
        {
          value: 'Home',
          when: {
            any: [
              { dimension: 'country', in: ['de', 'AT'] },
              { dimension: 'landing_path', startsWith: '/de/' },
            ],
          },
        },
      ],
      otherwise: 'Abroad',
    },
  };
  const config = Config.parse({ project: { name: 'Test', timeZone: 'UTC', currency: 'EUR' }, dimensions });
  const of = async (session: Readonly<Record<string, string>>) => {
    const column = (name: string) => sql`${param(session[name] ?? null, 'STRING')}`;
    const [row] = await warehouse.rows(sql`select ${customDimension(warehouse.dialect, config, 'region', column)} as value`);
    return row!['value'];
  };

  test('is the value of the first rule that holds, else what is left', async () => {
    expect(await of({ source: 'google', campaign: 'DE Brand', country: 'DE' })).toBe('Brand');
    expect(await of({ source: 'google', country: 'DE' })).toBe('Home');
    expect(await of({ landing_path: '/DE/prices' })).toBe('Home');
    expect(await of({})).toBe('Abroad');
  });

  test('of an unknown name, and rules that ask about more than sessions, are refused', () => {
    expect(() => customDimension(warehouse.dialect, config, 'regions', raw)).toThrow('there is no custom dimension "regions"');
    const paths = {
      ...config,
      dimensions: {
        region: { ...config.dimensions['region']!, rules: [{ value: 'x', when: { dimension: 'page_path', isSet: true } as Filter }] },
      },
    };
    expect(() => customDimension(warehouse.dialect, paths, 'region', raw)).toThrow('sessions have no dimension "page_path"');
  });
});

test('a property whose name the engines read otherwise is refused in words', () => {
  const subjects = { dimension: raw, properties: raw('properties') };
  for (const property of ['a"b', String.raw`a\b`, '*', 'a..b', '']) {
    expect(() => filterSql(warehouse.dialect, { property, isSet: true }, subjects), property).toThrow('expected a name such as "total"');
  }
});
