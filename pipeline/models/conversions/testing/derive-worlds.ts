import type { ConfigInput } from '../../../config/schema.ts';
import { addChanges } from '../../events/changes.ts';
import { EVENT_CHANGES } from '../../events/tables.ts';
import { addPersons } from '../../identity/changes.ts';
import { IDENTITIES, IDENTITY_KEYS, PERSON_CHANGES, USER_IDENTITIES } from '../../identity/tables.ts';
import { SESSIONS } from '../../sessions/tables.ts';
import type { World } from '../../../testing/world.ts';
import { join, param, sql } from '../../../warehouse/sql.ts';
import { CONVERSION_RECORDS, TOUCHED_CONVERSIONS } from '../tables.ts';
import type { Rules, State, StateRecord, Visitor } from './derive-oracle.ts';
import { recordRow, sessionRow, sightRow } from './records.ts';

const HOUR = 3_600_000;
const START = Date.UTC(2026, 2, 1);
const CURRENCIES = ['EUR', 'USD', 'JPY'] as const;
const ANSWERS = ['Podcast', 'a FRIEND', 'nothing'] as const;

const RULES: Omit<Rules, 'cap'> = {
  lookbackDays: { lead: 4, mql: 4, opportunity: 2, deal: 6 },
  inherit: {
    mql: { from: 'lead', onlyMatched: false },
    opportunity: { from: 'mql', onlyMatched: true },
    deal: { from: 'opportunity', onlyMatched: true },
  },
  normalize: { lead: { to: 'deal', days: 3 }, mql: { to: 'opportunity', days: 1 } },
  channels: { podcast: 'Podcast (SRA)', 'a friend': 'Word of Mouth (SRA)' },
};
const NAMES = ['lead', 'mql', 'opportunity', 'deal'] as const;

/** What holds in these worlds. @param cap of visitors per address. */
export const rulesWith = (cap: number): Rules => ({ ...RULES, cap });

/** The config that says so. */
export const projectWith = (cap: number): Partial<ConfigInput> => ({
  project: { name: 'Test', timeZone: 'UTC', currency: 'EUR' },
  // A model looks further back than the rest for deals, and less far for leads.
  attribution: { lookbackDays: 4, models: ['first_click', { name: 'long', type: 'last_click', lookbackDays: { deal: 6, lead: 1 } }] },
  identity: { keys: { ip_hash: { maxAnonymousIds: cap } } },
  rates: { csv: 'rates.csv' },
  selfReported: {
    rules: [
      { channel: 'Podcast', when: { equals: 'podcast' } },
      { channel: 'Word of Mouth', when: { contains: 'friend' } },
    ],
  },
  conversions: NAMES.toReversed().map((name) => ({
    name,
    label: name,
    sql: `${name}.sql`,
    value: 'money' as const,
    ...(name === 'opportunity' && { lookbackDays: 2 }),
    ...(RULES.inherit[name] && { inherit: RULES.inherit[name] }),
    ...(RULES.normalize[name] && { normalize: RULES.normalize[name] }),
  })),
});

const iso = (at: number): string => new Date(at).toISOString();

type Pick = (below: number) => number;

/** Worlds that share a warehouse; each has persons and records of its own. They share days, hence rates and sums. */
export class DeriveWorlds {
  readonly state: State;
  readonly #pick: Pick;
  readonly #prefixes: readonly string[];
  #persons = new Set<string>();
  #places: { visitor: string; at: number; removed: boolean }[] = [];
  #touched = new Set<string>();

  constructor(pick: Pick, count: number) {
    this.#pick = pick;
    this.#prefixes = Array.from({ length: count }, (_, i) => `w${i}-`);
    const visitors = this.#prefixes.flatMap(
      (prefix) =>
      ['a', 'b', 'c'].map((name): Visitor => ({ id: prefix + name, person: prefix + this.#one(['a', 'b', 'c']), keys: [], sessions: new Set(), sights: [] })), // prettier-ignore
    );
    this.state = { visitors, records: [], rates: new Map() };
  }

  /** Changes something of about every world, as a night finds it. */
  change(steps: number): void {
    for (const prefix of this.#prefixes) for (let i = 0; i < steps; i++) this.#changeOne(prefix);
    if (this.#pick(2) === 0) {
      const key = `${new Date(START + this.#pick(9) * 24 * HOUR).toISOString().slice(0, 10)} ${this.#one(['USD', 'JPY'])}`;
      if (this.#pick(3) === 0) this.state.rates.delete(key);
      else this.state.rates.set(key, this.#one([0.5, 1.25, 3, 160.37]));
    }
  }

  /** Writes the state into a world's tables, and queues what the steps before would queue. */
  async write(world: World): Promise<void> {
    const { warehouse } = world;
    const { visitors, records, rates } = this.state;
    const known = visitors.map(({ id, person }) => ({
      anonymous_id: id,
      person_id: person,
      person_key: 1,
      first_seen: iso(START),
    }));
    const identifiers = new Map(
      visitors.flatMap(({ person, keys }) =>
        keys.map(({ name, value }) => [
          `${person} ${name} ${value}`,
          { person_id: person, key_name: name, key_value: value, first_seen: iso(START), last_seen: iso(START) },
        ]),
      ),
    );
    await warehouse.load(IDENTITIES, known, { replace: true });
    await warehouse.load(USER_IDENTITIES, [...identifiers.values()], { replace: true });
    await warehouse.load(
      IDENTITY_KEYS,
      visitors.flatMap(({ id, sights }) => sights.map(({ address, first, last }) => sightRow(id, address, iso(first), iso(last)))),
      { replace: true },
    );
    await warehouse.load(
      SESSIONS,
      visitors.flatMap(({ id, sessions }) => [...sessions].map((at) => sessionRow(id, iso(at)))),
      { replace: true },
    );
    await warehouse.load(CONVERSION_RECORDS, records.map(rowOf), { replace: true });
    const touched = [...this.#touched].map((key) => ({ conversion_name: key.split(' ')[0]!, id: key.split(' ')[1]! }));
    await warehouse.load(TOUCHED_CONVERSIONS, touched, { replace: true });
    const days = [...new Set([...rates.keys()].map((key) => key.split(' ')[0]!))];
    const lines = days.map((day) => [day, ...['USD', 'JPY'].map((currency) => rates.get(`${day} ${currency}`) ?? 'N/A')].join(','));
    // A file that has lost all of its rates would be refused.
    await world.file('rates.csv', `Date,USD,JPY\n2020-01-01,1,1\n${lines.join('\n')}\n`);
    if (this.#persons.size > 0) {
      await addPersons(warehouse, join([...this.#persons].map((person) => sql`select ${person} as person_id`), ' union all ')); // prettier-ignore
    }
    const places = this.#places.map(({ visitor, at, removed }) => sql`select ${visitor} as anonymous_id, ${param(iso(at), 'TIMESTAMP')} as occurred_at, ${removed} as is_removal`); // prettier-ignore
    if (places.length > 0) await addChanges(warehouse, join(places, ' union all '));
  }

  /** What the steps after the derivation forget at the end of a night. */
  async forget({ warehouse }: World): Promise<void> {
    for (const target of [TOUCHED_CONVERSIONS, PERSON_CHANGES, EVENT_CHANGES]) await warehouse.load(target, [], { replace: true });
    this.#persons.clear();
    this.#places = [];
    this.#touched.clear();
  }

  #one<Value>(values: readonly Value[]): Value {
    return values[this.#pick(values.length)]!;
  }

  /** Times that lie on the edges of windows: multiples of half a day. */
  #time(): number {
    return START + this.#pick(18) * 12 * HOUR;
  }

  #changeOne(prefix: string): void {
    const visitors = this.state.visitors.filter(({ id }) => id.startsWith(prefix));
    const visitor = this.#one(visitors);
    switch (this.#pick(12)) {
      case 0:
        return this.#changeSession(visitor);
      case 1:
        return this.#changePerson(visitor, prefix);
      case 2:
        return this.#changeKey(visitor, prefix);
      case 3:
      case 4:
      case 5:
      case 6:
        return this.#changeSight(visitor, prefix);
      default:
        return this.#changeRecord(prefix);
    }
  }

  #changeSession(visitor: Visitor): void {
    const at = this.#time() + this.#one([0, 300_000, 300_001]);
    const removed = visitor.sessions.delete(at) || (visitor.sessions.size > 2 && this.#removeOne(visitor.sessions));
    if (!removed) visitor.sessions.add(at);
    this.#places.push({ visitor: visitor.id, at, removed });
  }

  #removeOne(values: Set<number>): boolean {
    return values.delete(this.#one([...values]));
  }

  #changeSight(visitor: Visitor, prefix: string): void {
    const { id, sights } = visitor;
    if (sights.length > 1 && this.#pick(2) === 0) {
      const [gone] = sights.splice(this.#pick(sights.length), 1);
      this.#places.push({ visitor: id, at: gone!.last, removed: true }, { visitor: id, at: gone!.first, removed: true });
      return;
    }
    const address = prefix + this.#one(['i', 'i', 'i', 'j']);
    const at = this.#time();
    const sameDay = (sight: (typeof sights)[number]) => Math.floor(sight.first / (24 * HOUR)) === Math.floor(at / (24 * HOUR));
    const sight = sights.find((one) => one.address === address && sameDay(one));
    if (sight) [sight.first, sight.last] = [Math.min(sight.first, at), Math.max(sight.last, at)];
    else sights.push({ address, first: at, last: at });
    this.#places.push({ visitor: id, at, removed: false });
  }

  #changePerson(visitor: Visitor, prefix: string): void {
    this.#persons.add(visitor.person);
    visitor.person = prefix + this.#one(['a', 'b', 'c']);
    this.#persons.add(visitor.person);
  }

  #changeKey(visitor: Visitor, prefix: string): void {
    this.#persons.add(visitor.person);
    if (visitor.keys.length > 1) visitor.keys.splice(this.#pick(2), 1);
    else visitor.keys.push({ name: this.#one(['ga_client_id', 'user_id', 'email_hash'] as const), value: prefix + this.#one(['k', 'l']) });
  }

  #changeRecord(prefix: string): void {
    const own = this.state.records.filter(({ id }) => id.startsWith(prefix));
    const name = this.#one(NAMES);
    const id = prefix + this.#one(['1', '2', '3']);
    const found = own.find((record) => record.name === name && record.id === id);
    this.#touched.add(`${name} ${id}`);
    if (!found) {
      this.state.records.push({ name, id, ...this.#contents(prefix), removed: this.#pick(8) === 0 });
      return;
    }
    switch (this.#pick(6)) {
      case 0:
      case 1:
        this.state.records = this.state.records.filter((record) => record !== found);
        return;
      case 2:
        found.removed = !found.removed;
        return;
      default:
        Object.assign(found, this.#contents(prefix));
    }
  }

  #contents(prefix: string): Omit<StateRecord, 'name' | 'id' | 'removed'> {
    const maybe = <Value>(values: readonly Value[]): Value | null => (this.#pick(2) === 0 ? this.#one(values) : null);
    const time = this.#time();
    return {
      time,
      anchor: this.#pick(3) === 0 ? this.#time() : time,
      client: maybe(['a', 'b', 'c', 'k', 'x'].map((one) => prefix + one)),
      lead: maybe(['1', '2', '3', '4'].map((one) => prefix + one)),
      user: maybe(['k', 'l'].map((one) => prefix + one)),
      email: maybe(['k', 'l'].map((one) => prefix + one)),
      ip: maybe(['i', 'i', 'i', 'j'].map((one) => prefix + one)),
      value: maybe([0, 1, -1, 12.5, 100, 0.01]),
      currency: this.#one(CURRENCIES),
      answer: maybe(ANSWERS),
    };
  }
}

function rowOf({ time, anchor, value, removed, ...record }: StateRecord) {
  const { client, lead, user, email, ip, answer, ...rest } = record;
  return recordRow({
    ...rest,
    at: iso(time),
    anchor: iso(anchor),
    removed,
    ...(value !== null && { value }),
    ...(client !== null && { client }),
    ...(lead !== null && { lead }),
    ...(user !== null && { user }),
    ...(email !== null && { email }),
    ...(ip !== null && { ip }),
    ...(answer !== null && { answer }),
  });
}
