import { Command } from 'commander';
import { vi } from 'vitest';
import { addGlobalOptions } from '../../options.ts';

/** Runs a command as the command line does, and collects what it writes. An error is thrown as it is. */
export async function run(
  register: (program: Command) => void,
  dataFolder: string,
  args: readonly string[],
): Promise<{ stdout: string; stderr: string }> {
  const written = { stdout: '', stderr: '' };
  const collect = (name: 'stdout' | 'stderr') =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => ((written[name] += String(text)), true));
  const spies = [collect('stdout'), collect('stderr')];
  try {
    const program = new Command('touchtrail').exitOverride();
    addGlobalOptions(program);
    register(program);
    await program.parseAsync(['--data', dataFolder, ...args], { from: 'user' });
    return written;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
