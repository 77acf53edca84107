import type { DeliveryRow } from '../../edge/contract/event-row.ts';

/** A row as the warehouse has it, and as a line of a message holds it. */
export type Row = Readonly<Record<string, unknown>>;

/** The message id of an event or a failure, or the name in the payload of a failure that has none. */
export function nameOf({ message_id, payload }: Row): string {
  return typeof message_id === 'string' ? message_id : (/name-\d+-\d+/.exec(String(payload))?.[0] ?? '');
}

/** The number of a row's delivery. */
export function numberOf(row: { readonly edge_instance?: unknown; readonly edge_sequence?: unknown }): string {
  return `${String(row.edge_instance)}/${String(row.edge_sequence)}`;
}

/**
 * What makes two rows copies of one: delivery and event. A number may have two headers, of its rows and of the empty delivery that
 * seemed missing; those differ in their counts.
 */
export function identityOf(row: Row): string {
  return `${numberOf(row)}/${'count' in row ? `header of ${(row as unknown as DeliveryRow).count}` : nameOf(row)}`;
}

/** The rows of a message or an archived object; none where it is not what the packer writes. */
export function rowsOf(text: string): Row[] {
  if (!text.trimStart().startsWith('{')) return [];
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => Object.values(JSON.parse(line) as Record<string, Row>)[0]!);
}

/**
 * Why rows may lie in the warehouse more than once. Delivery is at least once: who has not heard that something was done does it
 * again. Each cause allows one further copy; a copy without a cause is the edge's own.
 */
export class Causes {
  /** Texts and rows of which it was not heard that they are stored. */
  readonly #texts = new Set<readonly string[]>();
  readonly #rows: Row[] = [];
  /** How many messages of a delivery are not known to be queued. */
  readonly #unheard = new Map<string, number>();
  readonly #read = new Set<string>();

  /**
   * Something is done with texts.
   * @returns to be called when whoever does it has heard that it was done. What is never heard of comes again.
   */
  open(texts: readonly string[]): () => void {
    const all = [...texts];
    this.#texts.add(all);
    return () => void this.#texts.delete(all);
  }

  /** Messages are sent, of which some are queued. */
  send(texts: readonly string[], queued: readonly string[]): () => void {
    const heard = this.open(queued);
    const count = (by: number) => {
      for (const number of texts.map(numberIn)) this.#unheard.set(number, (this.#unheard.get(number) ?? 0) + by);
    };
    count(1);
    return () => {
      heard();
      count(-1);
    };
  }

  /** A message comes again as a whole, although some of it may be stored, where its rest could not be queued. */
  retry(text: string): void {
    if ((this.#unheard.get(numberIn(text)) ?? 0) > 0) this.open([text]);
  }

  /** Who reads an object again cannot know whether it was put back the first time. */
  read(key: string, text: string): void {
    if (this.#read.has(key)) this.open([text]);
    this.#read.add(key);
  }

  /** Rows were stored without a word. */
  storeUnheard(rows: readonly Row[]): void {
    this.#rows.push(...rows);
  }

  /** How many copies of each row have a cause, by {@link identityOf}. */
  counts(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const row of [...this.#rows, ...[...this.#texts].flat().flatMap(rowsOf)]) {
      const identity = identityOf(row);
      counts.set(identity, (counts.get(identity) ?? 0) + 1);
    }
    return counts;
  }
}

/** The number of the delivery that a message is of. */
function numberIn(text: string): string {
  const [, instance, sequence] = /"edge_instance":"([^"]*)","edge_sequence":(\d+)/.exec(text) ?? [];
  return `${instance}/${sequence}`;
}
