import type { Config } from '../config/schema.ts';
import type { Reader } from '../query/reader.ts';

/** What the tools answer from. They read publications, and what has landed since; nothing is written. */
export interface McpContext {
  readonly dataFolder: string;
  readonly reader: Reader;
  /** The config as it is now: which kinds of conversions and identity keys there are. @throws UserError where it cannot be read. */
  readonly config: () => Promise<Config>;
  readonly now: () => Date;
  /** Of the product. */
  readonly version: string;
  /** Told of errors that are not the asker's. Never stdout: over stdio that is the protocol. */
  readonly log: (line: string) => void;
}
