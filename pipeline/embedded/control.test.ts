import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { UserError } from '../config/user-error.ts';
import { callControl, serveControl } from './control.ts';
import { socketPath } from './socket.ts';

let data: string;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'touchtrail-control-'));
});

afterEach(async () => {
  await rm(data, { recursive: true });
});

describe('a command to the running up', () => {
  test('is nothing where none runs', async () => {
    expect(await callControl(data, { command: 'seal' })).toBeUndefined();
  });

  test('brings its parameters there, its progress and result back', async () => {
    const control = await serveControl(data, {
      run: async ({ command, full }, report) => {
        report({ step: 'events' });
        report({ step: 'sessions' });
        return { command, full };
      },
    });
    const progress: unknown[] = [];
    expect(await callControl(data, { command: 'run', full: true }, { onProgress: (step) => progress.push(step) })).toEqual({
      command: 'run',
      full: true,
    });
    expect(progress).toEqual([{ step: 'events' }, { step: 'sessions' }]);
    await control.close();
  });

  test('that goes on until nobody listens ends when the caller leaves, and costs the caller no error', async () => {
    const left = Promise.withResolvers<true>();
    const control = await serveControl(data, {
      tail: async (_, report, { closed }) => {
        report('first');
        await once(closed, 'abort');
        left.resolve(true);
      },
    });
    const leave = new AbortController();
    expect(await callControl(data, { command: 'tail' }, { onProgress: () => leave.abort(), signal: leave.signal })).toBeNull();
    expect(await left.promise).toBe(true);
    await control.close();
  });

  test('reads no more than its caller takes, and the other side sees how much waits', async () => {
    const full = Promise.withResolvers<void>();
    const control = await serveControl(data, {
      tail: async (_, report, { buffered }) => {
        // More than the buffers of any system between the two hold.
        for (let i = 0; buffered() < 1_000_000; i++) {
          report('x'.repeat(100_000));
          if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
        }
        full.resolve();
        return 'done';
      },
    });
    let taken = 0;
    const slow = async () => {
      taken++;
      await full.promise;
    };
    expect(await callControl(data, { command: 'tail' }, { onProgress: slow })).toBe('done');
    expect(taken).toBeGreaterThan(10);
    await control.close();
  });

  test('without a result gives null, which is not "nobody is there"', async () => {
    const control = await serveControl(data, { seal: async () => undefined });
    expect(await callControl(data, { command: 'seal' })).toBeNull();
    await control.close();
  });

  test('that fails brings the words and the exit code of the failure', async () => {
    const logged = vi.spyOn(console, 'error').mockReturnValue();
    const control = await serveControl(data, {
      run: async () => {
        throw new UserError('The column "email" is missing.', { exitCode: 2 });
      },
      seal: async () => {
        throw new Error('disk full');
      },
    });
    await expect(callControl(data, { command: 'run' })).rejects.toMatchObject({
      name: 'UserError',
      message: 'The column "email" is missing.',
      exitCode: 2,
    });
    await expect(callControl(data, { command: 'seal' })).rejects.toMatchObject({ name: 'UserError', message: 'disk full', exitCode: 1 });
    await expect(callControl(data, { command: 'status' })).rejects.toThrow('does not know the command "status"');
    // Only what nobody foresaw is logged there with its stack.
    expect(logged).toHaveBeenCalledOnce();
    logged.mockRestore();
    await control.close();
  });

  test('is answered with words where up ends in between', async () => {
    const begun = Promise.withResolvers<void>();
    const control = await serveControl(data, {
      run: async () => {
        begun.resolve();
        await new Promise(() => undefined);
      },
    });
    const outcome = callControl(data, { command: 'run' }).then(
      () => 'done',
      (error: Error) => error.message,
    );
    await begun.promise;
    await control.close();
    expect(await outcome).toContain('ended before it had finished the command "run"');
  });

  test('that is no JSON is answered, not fatal', async () => {
    const logged = vi.spyOn(console, 'error').mockReturnValue();
    const control = await serveControl(data, { seal: async () => 'sealed' });
    const socket = connect(socketPath(data, 'control.sock'));
    socket.write('nonsense\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(JSON.parse(answer.toString())).toHaveProperty('error');
    socket.destroy();
    expect(await callControl(data, { command: 'seal' })).toBe('sealed');
    logged.mockRestore();
    await control.close();
  });
});

describe('the socket', () => {
  test('is for this user alone, served by one process, and gone afterwards', async () => {
    const control = await serveControl(data, {});
    const path = socketPath(data, 'control.sock');
    expect(((await stat(path)).mode & 0o777).toString(8)).toBe('600');
    await expect(serveControl(data, {})).rejects.toThrow('already serves');
    await control.close();
    expect(existsSync(path)).toBe(false);
  });

  test('that a killed process left is replaced', async () => {
    const path = socketPath(data, 'control.sock');
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => console.log('up'))`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(existsSync(path)).toBe(true);
    expect(await callControl(data, { command: 'seal' })).toBeUndefined();
    const control = await serveControl(data, { seal: async () => 'sealed' });
    expect(await callControl(data, { command: 'seal' })).toBe('sealed');
    await control.close();
  });

  test('that a killed process left is replaced by exactly one of several at the same time', async () => {
    await writeFile(socketPath(data, 'control.sock'), '');
    const outcomes = await Promise.allSettled(Array.from({ length: 5 }, (_, i) => serveControl(data, { seal: async () => i })));
    const [winner, ...others] = outcomes.flatMap((outcome, i) => (outcome.status === 'fulfilled' ? [{ i, control: outcome.value }] : []));
    expect(others).toEqual([]);
    expect(await callControl(data, { command: 'seal' })).toBe(winner!.i);
    await winner!.control.close();
  });

  test('of a data folder with a long path lies in the temporary folder, found by both sides', async () => {
    const long = join(data, 'x'.repeat(120));
    await mkdir(long);
    const path = socketPath(long, 'control.sock');
    expect(path).toMatch(/touchtrail-[0-9a-f]{16}\/control\.sock$/);
    const control = await serveControl(long, { seal: async () => 'sealed' });
    expect(await callControl(long, { command: 'seal' })).toBe('sealed');
    await control.close();
    await rm(join(path, '..'), { recursive: true });
  });
});
