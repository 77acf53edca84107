import type { ConfigInput } from './config/schema.ts';

export type { Config, ConfigInput } from './config/schema.ts';

/** Gives an editor the type of `touchtrail.config.ts`; returns what it is given. */
export function defineConfig(config: ConfigInput): ConfigInput {
  return config;
}
