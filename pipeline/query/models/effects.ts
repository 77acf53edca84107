import { CHANNEL_EFFECTS } from '../../models/attribution/fitted-tables.ts';
import { sql, table } from '../../warehouse/sql.ts';
import type { Warehouse } from '../../warehouse/warehouse.ts';
import type { VersionsQuery } from './schema.ts';
import { IN_ORDER, type VersionKey, askedVersions } from './versions.ts';

/** What a version says of one channel. */
export interface ChannelEffect {
  readonly model: string;
  readonly conversion: string;
  /** YYYY-MM. */
  readonly month: string;
  readonly channel: string;
  /**
   * Of a Markov model the part of all conversions that is lost without the channel, 0 to 1; of Shapley values of the rate the
   * conversions per path that the channel adds, below 0 where paths convert less often with it.
   */
  readonly effect: number;
  /** The part of all effects above 0: what credits are divided by; 0 to 1. */
  readonly share: number;
  /** Standard error of the effect; null where it is exact. */
  readonly error: number | null;
}

const PARTS = 1_000_000_000;

/** The channel effects of versions, the largest first. Visit scoring has none: see `modelQuality`. */
export async function channelEffects(warehouse: Warehouse, query: VersionsQuery): Promise<ChannelEffect[]> {
  const rows = await warehouse.rows<VersionKey & { channel: string; effect: number; share: number; error: number | null }>(
    sql`
      select versions.model, versions.conversion_name, versions.month, effects.channel, effects.effect, effects.share, effects.error
      from (${askedVersions(query)}) as versions
      inner join ${table(CHANNEL_EFFECTS.name)} as effects
        on effects.model = versions.model and effects.conversion_name = versions.conversion_name and effects.month = versions.month
      order by ${IN_ORDER}, effects.effect desc nulls last, effects.channel nulls first`,
    'channel effects',
  );
  return rows.map(({ model, conversion_name: conversion, month, channel, effect, share, error }) => ({
    model,
    conversion,
    month: month.slice(0, 7),
    channel,
    effect: effect / PARTS,
    share: share / PARTS,
    error: error === null ? null : error / PARTS,
  }));
}
