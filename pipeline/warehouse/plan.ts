/** A statement that a run would send. */
export interface PlannedStatement {
  readonly label: string;
  /** The statement as the engine would get it; empty for a load job. */
  readonly sql: string;
  /** Bytes it would scan; null where that is not known before it runs, or the engine does not say. */
  readonly bytes: number | null;
  /** What there is to know beside: why the bytes are not known, what they leave out, whether it was carried out to plan the rest. */
  readonly note: string | null;
}
