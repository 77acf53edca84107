/** What a number is drawn for: draws of different purposes are independent of each other. */
const PURPOSES = {
  intent: 1,
  'intent, angle': 2,
  'market begins': 3,
  'market lasts': 4,
  device: 5,
  subscribes: 6,
  visit: 7,
  minute: 8,
  lift: 9,
  seconds: 10,
  'seconds, angle': 11,
  returns: 12,
  'returns by': 13,
  decides: 14,
  'decides in a visit': 15,
  'decides by': 16,
  'lost to a competitor': 17,
} as const;
export type Purpose = keyof typeof PURPOSES;

/** The least day that can be asked for is −1023. */
const FIRST_DAY = 1024;

/**
 * Common random numbers: each is known by what it is drawn for, not by when, so that a world with a channel switched off is
 * the same world in all else. The mixing is murmur3's finalizer (Appleby, public domain), once per member of the key.
 */
export class Dice {
  readonly #seed: number;
  /** Most draws are of the same person and day as the one before: their part is kept. */
  #person = NaN;
  #day = NaN;
  #ofDay = 0;

  constructor(seed: number) {
    this.#seed = mixed(seed ^ 0x9e3779b9);
  }

  /** Uniform in (0, 1): of a person, a day and a channel (0 where there is none). */
  next(purpose: Purpose, person: number, day = 0, channel = 0): number {
    if (person !== this.#person || day !== this.#day) {
      this.#ofDay = mixed(mixed(this.#seed ^ Math.imul(person + 1, 0x9e3779b1)) ^ Math.imul(day + FIRST_DAY, 0xc2b2ae35));
      this.#person = person;
      this.#day = day;
    }
    return (mixed(this.#ofDay ^ Math.imul(PURPOSES[purpose] * 64 + channel, 0x27d4eb2f)) + 0.5) / 0x100000000;
  }
}

function mixed(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
