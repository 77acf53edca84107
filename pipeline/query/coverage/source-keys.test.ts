import { expect, test } from 'vitest';
import { openFacts, RANDOM_PUBLICATION, randomFacts } from '../testing/random-publication.ts';
import { costCoverage } from './coverage.ts';
import { parseCoverageQuery } from './schema.ts';

test.each([1, 2, 3])('sessions counted by their sources are those counted one by one (world %d)', async (seed) => {
  const facts = randomFacts(seed);
  const world = await openFacts(facts);
  try {
    const query = parseCoverageQuery({ date_range: { start_date: '2026-01-31', end_date: '2026-02-14' } }, RANDOM_PUBLICATION.config);
    const ask = (hasSourceKeys: boolean) =>
      costCoverage(world, { ...RANDOM_PUBLICATION, config: { ...RANDOM_PUBLICATION.config, hasSourceKeys } }, query);
    const bySource = await ask(true);
    expect(bySource).toEqual(await ask(false));
    const known = facts.ads.map(({ ad_reference }) => ad_reference);
    const ofAds = facts.sessions.filter(({ click_date, ad_reference }) => {
      const date = click_date as string;
      return date >= '2026-01-31' && date <= '2026-02-14' && known.includes(ad_reference);
    });
    expect(ofAds.length).toBeGreaterThan(0);
    expect(bySource.ways.reduce((sum, { sessions }) => sum + sessions, 0)).toBe(ofAds.length);
  } finally {
    await world.close();
  }
});
