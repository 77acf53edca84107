import { parseInstant } from '../../../edge/collect/clock.ts';
import { collect } from '../../../edge/collect/collect.ts';
import type { Surroundings } from '../../../edge/collect/enrich.ts';
import { createIpHasher } from '../../../edge/contract/ip.ts';
import { parseAndStringify } from '../reference/json-loop.ts';

const ipHasher = createIpHasher('k1', 'a secret of some length, for the bench');

/** Runs one of two loops over the lines of the body, so many times, that the clock outside sees nothing else. */
export default {
  async fetch(request: Request): Promise<Response> {
    const query = new URL(request.url).searchParams;
    const times = Number(query.get('times'));
    const texts = (await request.text()).split('\n');
    const done = query.get('loop') === 'collect' ? await parseAndCollect(texts, times, request.headers) : parseAndStringify(texts, times);
    return new Response(String(done));
  },
};

/** From the text of a batch to its rows. */
async function parseAndCollect(texts: readonly string[], times: number, headers: Headers): Promise<number> {
  const surroundings: Surroundings = {
    key: { id: 'wk_bench', kind: 'browser', verified: true },
    channel: 'live',
    receivedAt: parseInstant('2026-11-24T12:00:00.000Z')!,
    sentAt: parseInstant('2026-11-24T12:00:00.000Z'),
    request: {
      ip: headers.get('cf-connecting-ip'),
      userAgent: headers.get('user-agent'),
      country: 'DE',
      region: 'Land Berlin',
      city: 'Berlin',
      timezone: 'Europe/Berlin',
    },
    ipHasher,
  };
  let rows = 0;
  for (let i = 0; i < times; i++) {
    for (const text of texts) {
      const { batch } = JSON.parse(text) as { batch: unknown[] };
      rows += (await collect(batch, surroundings, undefined, text)).events.length;
    }
  }
  return rows;
}
