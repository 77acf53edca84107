import type { StoredKey } from '../../../edge/contract/write-key.ts';

/** What a key may and may not, in words; empty where it has no rules. */
export function policyWords({ paused, origins, events_per_second, sample, keeps_emails, stores_as }: StoredKey): string {
  return [
    paused && 'paused',
    origins && `only from ${origins.join(', ')}`,
    events_per_second !== undefined && `at most ${events_per_second} ${events_per_second === 1 ? 'event' : 'events'} per second`,
    sample !== undefined && `keeps ${percent(sample)} of the visitors`,
    keeps_emails && 'keeps e-mail addresses',
    stores_as && `stores as ${stores_as}`,
  ]
    .filter((words) => typeof words === 'string')
    .join('; ');
}

/** Ten digits: 0.07 × 100 is 7.000000000000001. */
function percent(share: number): string {
  return `${Number((share * 100).toPrecision(10))} %`;
}
