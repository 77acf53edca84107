import { billAds } from './ad-costs.ts';
import { carryOut } from './browsing.ts';
import type { Draft } from './draft.ts';
import { enterCrm } from './funnel.ts';
import { addNurturedReaders } from './nurtured.ts';
import { Crowd } from './people.ts';
import { addProspects } from './prospects.ts';
import { Random } from './random.ts';
import { addSpecialCases } from './special-cases.ts';
import { addStory } from './story.ts';
import { addBots, addCustomers, addPassersBy } from './visitors.ts';
import type { World } from './world.ts';

/** The world of the demo and of the committed example: more than 20,000 visitors and 200,000 events. */
export const EXAMPLE_SEED = 2025;
export const EXAMPLE_PEOPLE = 17_500;

/**
 * Lets Fernhill's eight months happen: 2025-11-01 … 2026-06-30 in Europe/Berlin.
 * @param people how many people find Fernhill; visitors in the eyes of the tracker (browsers) are about a quarter more.
 *   At least 500, so that every special case finds the people it needs.
 */
export function simulate({ seed = EXAMPLE_SEED, people = EXAMPLE_PEOPLE }: { seed?: number; people?: number } = {}): World {
  if (people < 500) throw new RangeError(`a world needs at least 500 people, not ${people}`);
  const random = new Random(seed);
  const draft: Draft = { crowd: new Crowd(random.fork('crowd')), people: [], bots: [], visits: [], leads: [] };
  addStory(draft, random.fork('story'));
  const prospects = addProspects(draft, random.fork('prospects'), people);
  addNurturedReaders(draft, random.fork('nurtured'), Math.round(people / 190));
  addCustomers(draft, random.fork('customers'), Math.round(people / 100));
  addSpecialCases(draft, random.fork('special cases'), prospects, Math.max(1, Math.round(people / 1_750)));
  addPassersBy(draft, random.fork('passers-by'), people - draft.people.length);
  addBots(draft, random.fork('bots'), Math.round(people / 40));

  const submissions = carryOut(random.fork('browsing'), draft.visits);
  const devices = [...draft.people.flatMap((person) => person.devices), ...draft.bots].filter((device) => device.visits.length > 0);
  const { leads, deals } = enterCrm(random.fork('crm'), draft.leads, submissions);
  return { seed, people: draft.people, devices, leads, deals, costs: billAds(random.fork('costs'), devices) };
}
