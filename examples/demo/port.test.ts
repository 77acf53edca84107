import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { expectFreePort } from './port.ts';

test('a taken port is named before anything is done, a free one is left free', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(expectFreePort(port)).rejects.toThrow(`port ${port} cannot be used`);
  other.close();
  await once(other, 'close');
  await expectFreePort(port);
  await expectFreePort(port);
});
