import { type Command, Option } from 'commander';
import type { WriteKeyKind } from '../../../edge/contract/write-key.ts';
import { callControl } from '../../embedded/control.ts';
import { createKey, listKeys, revokeKey, type StoredKey } from '../../embedded/keys.ts';
import { globalOptions } from '../options.ts';
import { toJson } from '../render/json.ts';
import { renderTable } from '../render/table.ts';
import { screenOf, writeResult } from './output.ts';

/** `touchtrail keys`: create, list and revoke write keys. */
export function registerKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description('Write keys: browser keys are public, server keys are secret and may import history.')
    .addHelpText('after', '\nExamples:\n  $ touchtrail keys list\n  $ touchtrail keys create --kind server --name import\n');
  keys
    .command('create')
    .description('Create a write key and print it; a server key is shown only this once.')
    .addOption(new Option('--kind <kind>', 'who uses it').choices(['browser', 'server']).default('browser'))
    .option('--name <name>', 'what it is for', 'website')
    .addHelpText('after', '\nExample:\n  $ touchtrail keys create --kind server --name import\n')
    .action(async (options: { kind: WriteKeyKind; name: string }, command: Command) => {
      const { dataFolder, json } = globalOptions(command);
      const { record, key } = await createKey(dataFolder, { kind: options.kind, name: options.name });
      await callControl(dataFolder, { command: 'reload-keys' });
      writeResult(json ? toJson({ ...record, key }) : `${key}\n`);
    });
  keys
    .command('list')
    .description('List the write keys, without secrets.')
    .addHelpText('after', '\nExample:\n  $ touchtrail keys list\n')
    .action(async (_: unknown, command: Command) => {
      const { dataFolder, json } = globalOptions(command);
      const records = await listKeys(dataFolder);
      writeResult(json ? toJson(records) : renderKeys(records, screenOf().width));
    });
  keys
    .command('revoke <id>')
    .description('Revoke a write key: what is sent with it from now on is refused.')
    .addHelpText('after', '\nExample:\n  $ touchtrail keys revoke wk_0123456789abcdef\n')
    .action(async (id: string, _: unknown, command: Command) => {
      const { dataFolder, json } = globalOptions(command);
      const record = await revokeKey(dataFolder, id);
      await callControl(dataFolder, { command: 'reload-keys' });
      writeResult(json ? toJson(record) : `${id} is revoked\n`);
    });
}

function renderKeys(records: readonly StoredKey[], width: number): string {
  if (records.length === 0) return 'no write keys yet: create one with `touchtrail keys create`\n';
  const headers = ['Id', 'Kind', 'Name', 'Key', 'Created', 'Revoked'];
  return renderTable({
    columns: headers.map((header) => ({ header, align: 'left' })),
    rows: records.map(({ id, kind, name, key, created_at, revoked_at }) => [
      id,
      kind,
      name,
      key ?? '(secret)',
      created_at.slice(0, 10),
      revoked_at?.slice(0, 10) ?? '',
    ]),
    width,
  });
}
