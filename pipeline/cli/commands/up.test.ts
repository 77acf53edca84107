import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { run } from './testing/run-command.ts';
import { registerUp } from './up.ts';

test('events that nothing would bring into BigQuery are not received', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'touchtrail-up-command-'));
  try {
    const config = path.join(folder, 'touchtrail.config.mjs');
    await writeFile(
      config,
      "export default { project: { name: 'X', timeZone: 'UTC', currency: 'EUR' }, warehouse: { type: 'bigquery', project: 'p', dataset: 'd' } };\n",
    );
    await expect(run(registerUp, path.join(folder, 'data'), ['--config', config, 'up', '--port', '0'])).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/the warehouse is BigQuery.*deploy the edge.*'duckdb'/) as string,
    });
    expect(existsSync(path.join(folder, 'data'))).toBe(false);
  } finally {
    await rm(folder, { recursive: true });
  }
});
