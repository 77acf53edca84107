import type { Random } from './random.ts';
import type { Device, Person, Place } from './world.ts';

const FIRST_NAMES =
  'Anna Ben Carla David Elif Finn Greta Hannes Ines Jonas Katja Leon Mara Nils Olga Paul Rosa Simon Tessa Uwe Vera Wim Yara Zoe Alan Beth Colin Dora Eric Fiona Glen Heidi Ivan Jana Karl Lena Milan Nora Oskar Petra'.split(
    ' ',
  );
const LAST_NAMES =
  'Abel Brandt Conrad Dietz Ebert Falk Gruber Hauser Imhof Jansen Keller Lang Maurer Neumann Ott Peters Richter Sauer Thoma Ulrich Vogel Weber Zeller Adler Baumann Calder Dalton Easton Fletcher Graham Hobbs Irving Jarvis Kirby Lowell Mercer Norton Osborn Parker Reeves Sutton Thorne Vance Walsh Young Berger Fuchs Hahn Koch Lenz'.split(
    ' ',
  );
const COMPANY_NAMES =
  'Alder Birch Cobalt Delta Elm Falcon Granite Harbor Iris Juniper Kestrel Linden Maple North Onyx Pine Quarry River Stone Tern Union Valley Willow Yarrow Zenith Amber Bridge Cedar Dune Ember'.split(
    ' ',
  );
const COMPANY_TRADES =
  'Heating,Roofing,Elevators,Landscaping,Electric,Plumbing,Facility Services,Solar,Cleaning,Metalworks,Cooling,Fire Safety,Fencing,Windows,Networks,Logistics,Scaffolding,Surveying,Doors,Pumps'.split(
    ',',
  );

const PLACES: readonly (Place & { weight: number })[] = [
  { country: 'DE', region: 'Berlin', city: 'Berlin', weight: 16 },
  { country: 'DE', region: 'Bavaria', city: 'Munich', weight: 15 },
  { country: 'DE', region: 'Hamburg', city: 'Hamburg', weight: 11 },
  { country: 'DE', region: 'North Rhine-Westphalia', city: 'Cologne', weight: 12 },
  { country: 'DE', region: 'Hesse', city: 'Frankfurt am Main', weight: 8 },
  { country: 'DE', region: 'Saxony', city: 'Leipzig', weight: 6 },
  { country: 'AT', region: 'Vienna', city: 'Vienna', weight: 9 },
  { country: 'AT', region: 'Styria', city: 'Graz', weight: 3 },
  { country: 'CH', region: 'Zurich', city: 'Zurich', weight: 7 },
  { country: 'NL', region: 'North Holland', city: 'Amsterdam', weight: 4 },
  { country: 'GB', region: 'England', city: 'Leeds', weight: 5 },
  { country: 'US', region: 'Ohio', city: 'Columbus', weight: 4 },
];

const LAPTOPS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
];
const PHONES = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36',
];
const TABLETS = [
  'Mozilla/5.0 (iPad; CPU OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1',
];
const BOTS = [
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
  'Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)',
];

export type DeviceKind = 'laptop' | 'phone' | 'tablet';
const USER_AGENTS: Readonly<Record<DeviceKind, readonly string[]>> = { laptop: LAPTOPS, phone: PHONES, tablet: TABLETS };

/** An office: all its laptops show one address to the world (RFC 5737), which must not make them one person. */
interface Office {
  readonly company: string;
  readonly domain: string;
  readonly ip: string;
  readonly place: Place;
}

/** Makes people, their employers and their browsers. */
export class Crowd {
  readonly #random: Random;
  readonly #offices: Office[] = [];
  readonly #emails = new Set<string>();

  constructor(random: Random) {
    this.#random = random;
    const networks = ['192.0.2', '198.51.100', '203.0.113'];
    for (const name of COMPANY_NAMES) {
      for (const trade of COMPANY_TRADES) {
        const number = this.#offices.length;
        const domain = `${name}-${trade.replace(' ', '-')}.example`.toLowerCase();
        const ip = `${networks[Math.floor(number / 250) % 3]}.${(number % 250) + 1}`;
        this.#offices.push({ company: `${name} ${trade}`, domain, ip, place: this.#place() });
      }
    }
  }

  #place(): Place {
    const { country, region, city } = this.#random.weighted(PLACES, (place) => place.weight);
    return { country, region, city };
  }

  /** Somebody with a unique address, whose laptop is at the office more often than not. */
  person(kinds: readonly DeviceKind[]): Person {
    const random = this.#random;
    const office = random.pick(this.#offices);
    const first = random.pick(FIRST_NAMES);
    const last = random.pick(LAST_NAMES);
    const stem = `${first}.${last}`.toLowerCase();
    let email = `${stem}@${office.domain}`;
    for (let number = 2; this.#emails.has(email); number++) email = `${stem}${number}@${office.domain}`;
    this.#emails.add(email);
    const atHome = random.chance(0.4);
    const devices = kinds.map((kind) => this.device(kind, kind === 'laptop' && !atHome ? office : undefined, office.place));
    return { name: `${first} ${last}`, company: office.company, email, devices };
  }

  device(kind: DeviceKind, office?: Pick<Office, 'ip'>, place: Place = this.#place()): Device {
    const random = this.#random;
    return {
      anonymousId: random.uuid(),
      userAgent: random.pick(USER_AGENTS[kind]),
      bot: false,
      ip: office?.ip ?? this.#homeAddress(),
      place,
      visits: [],
    };
  }

  bot(): Device {
    const random = this.#random;
    const ip = this.#homeAddress();
    return { anonymousId: random.uuid(), userAgent: random.pick(BOTS), bot: true, ip, place: PLACES[11]!, visits: [] };
  }

  /** An IPv6 address of the documentation prefix (RFC 3849), a /64 of its own. */
  #homeAddress(): string {
    const group = () => this.#random.integer(1, 0xffff).toString(16);
    return `2001:db8:${group()}:${group()}::${group()}`;
  }
}
