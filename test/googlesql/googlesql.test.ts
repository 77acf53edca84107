import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { freePort, GoogleSql } from './googlesql.ts';

test('a port that somebody else has taken meanwhile is given up for another', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const ports = [(other.address() as AddressInfo).port, await freePort()];
  const engine = await GoogleSql.start(async () => ports.shift() ?? (await freePort()));
  try {
    expect(ports).toEqual([]);
    expect(await engine.evaluate('select 1 + 1 as two', [])).toEqual([{ two: 2 }]);
  } finally {
    engine.stop();
    other.close();
  }
});
