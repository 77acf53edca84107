import type { Row } from '../../../warehouse/warehouse.ts';

// What conversions must be, by brute force over plain objects: no SQL, no sets that were touched.

/** Times are milliseconds. */
export interface Visitor {
  readonly id: string;
  person: string;
  readonly keys: { readonly name: 'ga_client_id' | 'user_id' | 'email_hash'; readonly value: string }[];
  readonly sessions: Set<number>;
  /** Per day and address, when it was seen first and last. */
  readonly sights: { readonly address: string; first: number; last: number }[];
}

export interface StateRecord {
  readonly name: string;
  readonly id: string;
  time: number;
  anchor: number;
  client: string | null;
  lead: string | null;
  user: string | null;
  email: string | null;
  ip: string | null;
  value: number | null;
  currency: string;
  answer: string | null;
  removed: boolean;
}

export interface State {
  readonly visitors: readonly Visitor[];
  records: StateRecord[];
  /** Units per EUR by `date currency`. */
  readonly rates: Map<string, number>;
}

/** What the config says, as far as it matters here. */
export interface Rules {
  /** The longest look-back of a model, by conversion. */
  readonly lookbackDays: Readonly<Record<string, number>>;
  readonly cap: number;
  readonly inherit: Readonly<Record<string, { readonly from: string; readonly onlyMatched: boolean }>>;
  readonly normalize: Readonly<Record<string, { readonly to: string; readonly days: number }>>;
  /** Answers, in lower case, and their channel. */
  readonly channels: Readonly<Record<string, string>>;
}

const DAY = 86_400_000;
const MINUTE = 60_000;

/** Dates are those of UTC: the project's zone is UTC. */
const dateOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
const dayBefore = (date: string, days: number): string => dateOf(Date.parse(date) - days * DAY);

/** The columns of `conversions` that are derived, by name and id. */
export function derivedByBruteForce({ visitors, records, rates }: State, rules: Rules): Row[] {
  const isThere = (record: StateRecord): boolean => {
    const inherit = rules.inherit[record.name];
    return !record.removed && (!inherit?.onlyMatched || parentOf(record) !== undefined);
  };
  const parentOf = ({ name, lead }: StateRecord): StateRecord | undefined => {
    const inherit = rules.inherit[name];
    return inherit && records.find((one) => one.name === inherit.from && one.id === lead && isThere(one));
  };
  const moneyOf = ({ value, currency, time }: StateRecord) => {
    if (value === null || currency === 'EUR') return { micros: value === null ? null : rounded(value * 1e6), rate: null, rateDate: null };
    for (let back = 0; back <= 7; back++) {
      const rateDate = dayBefore(dateOf(time), back);
      const rate = rates.get(`${rateDate} ${currency}`);
      if (rate !== undefined) return { micros: rounded((value / rate) * 1e6), rate, rateDate };
    }
    return { micros: null, rate: null, rateDate: null };
  };
  const kept = records.filter(isThere).map((record) => ({ record, money: moneyOf(record) }));
  const sumOf = (name: string, last: string, days: number): number => {
    const first = dayBefore(last, days - 1);
    const inside = kept.filter(({ record }) => record.name === name && dateOf(record.time) >= first && dateOf(record.time) <= last);
    return inside.reduce((sum, { money }) => sum + (money.micros ?? 0), 0);
  };
  return kept
    .map(({ record, money }) => {
      const date = dateOf(record.time);
      const normalize = rules.normalize[record.name];
      const own = normalize && sumOf(record.name, date, normalize.days);
      const scaled =
        normalize && money.micros !== null && own !== 0 ? rounded((money.micros * sumOf(normalize.to, date, normalize.days)) / own!) : null;
      const person = personOf(visitors, record, rules);
      const parent = parentOf(record);
      return {
        conversion_name: record.name,
        id: record.id,
        conversion_date: date,
        raw_value_micros: money.micros,
        value_micros: normalize ? scaled : money.micros,
        rate: money.rate,
        rate_date: money.rateDate,
        self_reported_channel: (record.answer && rules.channels[record.answer.toLowerCase()]) ?? null,
        person_id: person?.id ?? null,
        matched_by: person?.by ?? null,
        parent_name: parent?.name ?? null,
        parent_id: parent?.id ?? null,
      };
    })
    .toSorted((a, b) => (`${a.conversion_name} ${a.id}` < `${b.conversion_name} ${b.id}` ? -1 : 1));
}

/** Half away from zero. */
const rounded = (value: number): number => (value < 0 ? -Math.floor(-value + 0.5) : Math.floor(value + 0.5)) || 0;

function personOf(visitors: readonly Visitor[], record: StateRecord, rules: Rules): { id: string; by: string } | undefined {
  const reach = rules.lookbackDays[record.name]! * DAY;
  const knownBy = (name: string, value: string | null) =>
    visitors
      .filter(({ keys }) => value !== null && keys.some((key) => key.name === name && key.value === value))
      .map(({ person }) => person);
  const seenAt = visitorAt(visitors, record, rules.cap);
  const signals = [
    ...visitors.filter(({ id }) => id === record.client).map(({ person }) => ({ id: person, by: 'client_id' })),
    ...knownBy('ga_client_id', record.client).toSorted().map((id) => ({ id, by: 'client_id' })),
    ...knownBy('user_id', record.user).toSorted().map((id) => ({ id, by: 'user_id' })),
    ...knownBy('email_hash', record.email).toSorted().map((id) => ({ id, by: 'email_hash' })),
    ...(seenAt ? [{ id: seenAt.person, by: 'ip_address' }] : []),
  ]; // prettier-ignore
  const hasSession = (person: string) =>
    visitors.some(
      (visitor) =>
        visitor.person === person && [...visitor.sessions].some((at) => at >= record.anchor - reach && at <= record.anchor + 5 * MINUTE),
    );
  return signals.find(({ id }) => hasSession(id)) ?? signals[0];
}

function visitorAt(visitors: readonly Visitor[], { ip, anchor }: StateRecord, cap: number): Visitor | undefined {
  const sights = visitors.flatMap((visitor) =>
    visitor.sights
      .filter(({ address }) => address === ip)
      .flatMap(({ first, last }) => [first, last])
      .filter((at) => Math.abs(at - anchor) <= 3 * DAY)
      .map((at) => ({ visitor, at })),
  );
  if (new Set(sights.map(({ visitor }) => visitor.id)).size > cap) return undefined;
  const [nearest] = sights.toSorted(
    (a, b) => Math.abs(a.at - anchor) - Math.abs(b.at - anchor) || a.at - b.at || (a.visitor.id < b.visitor.id ? -1 : 1),
  );
  return nearest?.visitor;
}
