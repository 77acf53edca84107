import { afterEach } from 'vitest';
import type { ConfigInput } from '../../../config/schema.ts';
import { type World, openWorld } from '../../../testing/world.ts';
import type { Row, Warehouse } from '../../../warehouse/warehouse.ts';
import type { StepResult } from '../../step.ts';
import { deriveConversions } from '../derive.ts';
import { forgetTouched } from './records.ts';

export type Conversions = NonNullable<ConfigInput['conversions']>;

/** A conversion of a query, which no test here runs: its records are written. */
export const sqlConversion = (name: string, more: object = {}): Conversions[number] => ({
  name,
  label: name,
  sql: `${name}.sql`,
  value: 'money',
  ...more,
});

/** What a test of the derivation works with: one world at a time, on one engine. */
export class Derivation {
  #world: World | undefined;
  readonly #warehouse: () => Promise<Warehouse | undefined>;

  /** @param warehouse what each world is opened on; undefined: DuckDB in memory. */
  constructor(warehouse: () => Promise<Warehouse | undefined>) {
    this.#warehouse = warehouse;
    afterEach(async () => {
      await this.#world?.close();
      this.#world = undefined;
    });
  }

  /** Opens the world of a test; default: with one conversion, `deal`. */
  async open(conversions: Conversions = [sqlConversion('deal')], more: Partial<ConfigInput> = {}): Promise<World> {
    this.#world = await openWorld({ conversions, ...more }, await this.#warehouse());
    return this.#world;
  }

  /** A night's derivation, as far as attribution, which forgets what was queued. */
  async derive(): Promise<StepResult> {
    const result = await this.deriveAlone();
    await forgetTouched(this.#opened());
    return result;
  }

  /** The derivation; what it queues for attribution stays. */
  async deriveAlone(): Promise<StepResult> {
    const [result] = await this.#opened().run(deriveConversions);
    return result!;
  }

  /** Columns of all conversions, by name and id. */
  async rows(columns: string): Promise<Row[]> {
    return this.#opened().rows(`select ${columns} from conversions order by conversion_name, id`);
  }

  /** Ids of the queued conversions. */
  async queued(): Promise<unknown[]> {
    return (await this.#opened().rows('select id from touched_conversions order by id')).map(({ id }) => id);
  }

  #opened(): World {
    if (!this.#world) throw new Error('open a world first');
    return this.#world;
  }
}
