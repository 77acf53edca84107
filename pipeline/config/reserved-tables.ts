/**
 * Names a CRM source cannot take, because the data model uses them or will: a source is loaded into a table of its own
 * name. A test holds this list against the tables that exist.
 */
const RESERVED_TABLES: ReadonlySet<string> = new Set([
  'events_raw',
  'event_ids',
  'events',
  'failed_events',
  'deliveries',
  'event_changes',
  'event_days',
  'definitions',
  'loaded_segments',
  'sessions',
  'identity_keys',
  'identity_edges',
  'identities',
  'identity_changes',
  'person_changes',
  'identity_blocked_values',
  'user_identities',
  'conversions',
  'conversion_changes',
  'rejected_conversions',
  'conversion_records',
  'conversion_watches',
  'conversion_reads',
  'dropped_conversions',
  'touched_conversions',
  'exchange_rates',
  'attribution',
  'touched_credits',
  'channel_effects',
  'model_versions',
  'costs',
  'report_sessions',
  'report_credits',
  'report_costs',
  'runs',
  'run_steps',
  'run_lease',
  'publication',
  'erasures',
  'erased_ids',
  'erased_rows',
]);

/** Whether the name is one of Touchtrail's own tables; those that steps need only while they run begin with `staged_`. */
export function isReservedTable(name: string): boolean {
  return RESERVED_TABLES.has(name) || name.startsWith('staged_');
}
