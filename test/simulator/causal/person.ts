import type { Dice, Purpose } from './dice.ts';
import { type Channel, type Parameters, WORLD_DAYS } from './parameters.ts';

export interface Visit {
  readonly channel: string;
  /** Minutes since the world began. */
  readonly minute: number;
  /** Active seconds. */
  readonly seconds: number;
}

/** What a person did in one world. */
export interface Life {
  readonly device: 'desktop' | 'mobile' | 'tablet';
  /** In order of time. */
  readonly visits: readonly Visit[];
  /** Whether the last of them ended with the conversion. */
  readonly isConverted: boolean;
}

const MINUTES_OF_DAY = 1440;
/** Days after a visit that retargeting follows. */
const FOLLOWED_DAYS = 30;
const SUBSCRIBERS = 0.4;
/** Nobody is reached more often than this interest has it. */
const SATURATION = Math.log(10);
/** Of those who decide on a day that they were there anyway. */
const DECIDING_IN_A_VISIT = 0.6;
/** Which of them are there longer: to fill in the form. */
const BUYING_SECONDS = 2;

/**
 * A person, day by day.
 *
 * - Each has an intent of their own and a time in the market. Nobody decides outside of it, and nobody searches.
 * - A visit through a channel raises the chance to decide by its lift times an exponential number; what was raised decays.
 *   `interest` is the logarithm of that chance over its base: own intent, and what was raised.
 * - Channels reach the more interested more often, each by its own selectivity: that is confounding. Retargeting and e-mail
 *   reach only who has been there.
 * - Who is interested comes back, direct or through brand search. Direct visits raise nothing, brand search next to nothing.
 * - Who decides does so in a visit of that day, or comes for it, direct or through brand search; and is done.
 * - Active seconds go with the interest after the visit, and are more where the person buys.
 *
 * @param off the channel that is switched off: it has no visits, and what they would have brought about is not. Who would have
 * come back through it does not. Who would have come to buy through it comes all the same, direct, or of direct through brand
 * search where there is one; but brand search that is off loses some to a competitor.
 */
export function lifeOf(world: Parameters, dice: Dice, person: number, off?: string): Life {
  const draw = (purpose: Purpose, day = 0, channel = 0) => dice.next(purpose, person, day, channel);
  const normal = (one: Purpose, other: Purpose, day = 0, channel = 0) =>
    Math.sqrt(-2 * Math.log(draw(one, day, channel))) * Math.cos(2 * Math.PI * draw(other, day, channel));
  const exponential = (purpose: Purpose, day = 0, channel = 0) => -Math.log(draw(purpose, day, channel));

  const intent = world.spread * normal('intent', 'intent, angle');
  const marketBegins = Math.floor(-30 + draw('market begins') * (WORLD_DAYS + 30));
  const marketEnds = marketBegins + world.marketDays * exponential('market lasts');
  const isSubscriber = draw('subscribes') < SUBSCRIBERS;
  const { channels } = world;
  const direct = channels.find(({ kind }) => kind === 'direct')!;
  const brand = channels.find(({ kind }) => kind === 'brand_search');
  const decay = 2 ** (-1 / world.halfLifeDays);

  const visits: Visit[] = [];
  let raised = 0;
  let lastVisit = -Infinity;
  const interest = () => intent + Math.log(1 + raised);

  const visit = (channel: Channel, day: number, minute: number, factor = 1) => {
    const number = 1 + channels.indexOf(channel);
    raised += channel.lift * exponential('lift', day, number);
    const noise = 0.8 * normal('seconds', 'seconds, angle', day, number);
    const seconds = Math.round(channel.seconds * factor * Math.exp(world.engagementSlope * interest() + noise));
    visits.push({ channel: channel.name, minute: day * MINUTES_OF_DAY + minute, seconds: Math.min(seconds, 3600) });
    lastVisit = day;
  };

  const reachOf = (channel: Channel, day: number, isInMarket: boolean): number => {
    const { kind } = channel;
    const isReached =
      kind === 'prospecting' ||
      (kind === 'search' && isInMarket) ||
      (kind === 'retargeting' && day - lastVisit <= FOLLOWED_DAYS) ||
      (kind === 'email' && isSubscriber && visits.length > 0);
    return isReached ? channel.reach * Math.exp(channel.selectivity * Math.min(interest(), SATURATION)) : 0;
  };

  for (let day = 0; day < WORLD_DAYS; day++) {
    raised *= decay;
    const isInMarket = day >= marketBegins && day < marketEnds;
    const before = visits.length;
    const comers: { channel: Channel; minute: number }[] = [];
    channels.forEach((channel, i) => {
      const reach = channel.name === off ? 0 : reachOf(channel, day, isInMarket);
      if (reach > 0 && draw('visit', day, i + 1) < reach) comers.push({ channel, minute: Math.floor(draw('minute', day, i + 1) * 1200) });
    });
    for (const { channel, minute } of comers.toSorted((a, b) => a.minute - b.minute)) visit(channel, day, minute);

    if (raised > 0 && draw('returns', day) < world.returns * Math.log(1 + raised)) {
      const back = brand && draw('returns by', day) < world.brandShare ? brand : direct;
      if (back.name !== off) visit(back, day, 1260);
    }

    if (!isInMarket || draw('decides', day) >= world.baseHazard * Math.exp(interest())) continue;
    const isThere = visits.length > before;
    if (isThere && draw('decides in a visit', day) < DECIDING_IN_A_VISIT) {
      const last = visits.pop()!;
      visits.push({ ...last, seconds: Math.min(last.seconds * BUYING_SECONDS, 3600) });
    } else {
      const wanted = brand && draw('decides by', day) < world.brandShare ? brand : direct;
      if (wanted === brand && brand.name === off && draw('lost to a competitor', day) < world.brandLeak) continue;
      const through = wanted.name === off ? (wanted === brand ? direct : (brand ?? direct)) : wanted;
      visit(through, day, 1380, BUYING_SECONDS);
    }
    return { device: deviceOf(draw('device')), visits, isConverted: true };
  }
  return { device: deviceOf(draw('device')), visits, isConverted: false };
}

const deviceOf = (share: number): Life['device'] => (share < 0.5 ? 'mobile' : share < 0.93 ? 'desktop' : 'tablet');
