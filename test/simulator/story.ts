import { adClick, newsletterClick } from './arrivals.ts';
import type { VisitPlan } from './browsing.ts';
import { berlin, DAY } from './calendar.ts';
import { placementOf } from './placements.ts';
import type { Draft } from './draft.ts';
import type { Random } from './random.ts';
import type { Arrival, Person } from './world.ts';

/** Distance of an afternoon from the opening of the deal. */
const afterDeal = (date: string) => berlin(`${date}T15:40:00`) - berlin('2026-01-22T11:30:00');

export const STORY_EMAIL = 'dana.whitfield@harrowfield.example';

/**
 * The deal the README tells: an ad click on 9 December, a demo request in January, a newsletter read on the phone in
 * spring, 50,000 EUR won on 17 June. The window of 90 days reaches from the lead back to the click.
 */
export function addStory(draft: Draft, random: Random): void {
  const office = { ip: '203.0.113.77' };
  const place = { country: 'GB', region: 'England', city: 'Leeds' };
  const laptop = draft.crowd.device('laptop', office, place);
  const phone = draft.crowd.device('phone', undefined, place);
  const dana: Person = { name: 'Dana Whitfield', company: 'Harrow Field Services', email: STORY_EMAIL, devices: [laptop, phone] };
  draft.people.push(dana);

  let ad = adClick(random, placementOf('google_scheduling'));
  while (!ad.campaign || ad.clickId?.name !== 'gclid') ad = adClick(random, placementOf('google_scheduling'));
  const direct: Arrival = { channel: 'Direct', landing: '/pricing', referrer: '' };
  const formVisit: VisitPlan = {
    device: laptop,
    at: berlin('2026-01-14T10:02:11'),
    arrival: { ...direct, landing: '/' },
    form: { form: 'demo', path: '/demo', email: STORY_EMAIL },
  };
  draft.visits.push(
    { device: laptop, at: berlin('2025-12-09T14:21:37'), arrival: ad },
    { device: laptop, at: berlin('2025-12-11T09:05:52'), arrival: direct },
    formVisit,
    { device: phone, at: berlin('2026-03-24T07:48:20'), arrival: newsletterClick(random, '2026-03-24', STORY_EMAIL) },
  );

  const dealAt = berlin('2026-01-22T11:30:00') - berlin('2026-01-14T10:10:00');
  draft.leads.push({
    email: 'Dana.Whitfield@harrowfield.example',
    company: dana.company,
    form: 'demo',
    origin: formVisit,
    device: laptop,
    fate: {
      mqlAfter: DAY / 8,
      handRaise: DAY / 6,
      deal: {
        after: dealAt,
        stages: [
          { stage: 'demo', after: afterDeal('2026-02-05') },
          { stage: 'proposal', after: afterDeal('2026-03-18') },
          { stage: 'negotiation', after: afterDeal('2026-05-12') },
          { stage: 'closed_won', after: afterDeal('2026-06-17') },
        ],
        amountCents: 5_000_000,
      },
    },
  });
}
