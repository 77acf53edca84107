import { type Command, InvalidArgumentError, Option } from 'commander';
import type { StoredKey, WriteKeyKind } from '../../../edge/contract/write-key.ts';
import type { PolicyChanges } from '../../config/write-keys.ts';
import { UserError } from '../../config/user-error.ts';
import { globalOptions } from '../options.ts';
import { toJson } from '../render/json.ts';
import { policyWords } from '../render/key-policy.ts';
import { renderTable } from '../render/table.ts';
import { type KeyRegister, keyRegister } from './key-register.ts';
import { screenOf, writeNotice, writeResult } from './output.ts';

/** `touchtrail keys`: create, list, change and revoke write keys. */
export function registerKeys(program: Command): void {
  const keys = program
    .command('keys')
    .description('Write keys: browser keys are public, server keys are secret and may import history.')
    .addHelpText('after', '\nExamples:\n  $ touchtrail keys list\n  $ touchtrail keys create --kind server --name import\n');
  withPlace(withPolicy(keys.command('create')))
    .description('Create a write key and print it; a server key is shown only this once.')
    .addOption(new Option('--kind <kind>', 'who uses it').choices(['browser', 'server']).default('browser'))
    .option('--name <name>', 'what it is for', 'website')
    .addHelpText(
      'after',
      '\nExamples:\n  $ touchtrail keys create --origin https://www.example.com --origin "https://*.example.com"\n  $ touchtrail keys create --kind server --name import\n',
    )
    .action(async (options: PolicyOptions & { kind: WriteKeyKind; name: string }, command: Command) => {
      const register = await keyRegister(command);
      const { record, key } = await register.create({ kind: options.kind, name: options.name, policy: changesOf(options) });
      noteDelay(register, command);
      writeResult(globalOptions(command).json ? toJson({ ...record, key }) : `${key}\n`);
    });
  withPlace(keys.command('list'))
    .description('List the write keys, without secrets.')
    .addHelpText('after', '\nExample:\n  $ touchtrail keys list\n')
    .action(async (_: unknown, command: Command) => {
      const records = await (await keyRegister(command)).list();
      writeResult(globalOptions(command).json ? toJson(records) : renderKeys(records, screenOf().width));
    });
  withPlace(withRemovals(withPolicy(keys.command('update <id-or-name>'))))
    .description('Change what a write key may; what is not named stays as it is.')
    .option('--name <name>', 'what it is for')
    .option('--resume', 'take what comes with it again')
    .addHelpText(
      'after',
      '\nExamples:\n  $ touchtrail keys update wk_0123456789abcdef --paused\n  $ touchtrail keys update wk_0123456789abcdef --resume --events-per-second 50 --no-origin\n',
    )
    .action(async (id: string, options: PolicyOptions & { name?: string }, command: Command) => {
      const changes = { ...changesOf(options), ...(options.name !== undefined && { name: options.name }) };
      if (Object.keys(changes).length === 0) {
        throw new UserError(`nothing to change of ${id}: name an option, such as --paused (see touchtrail keys update --help)`, {
          exitCode: 2,
        });
      }
      const register = await keyRegister(command);
      const record = await register.update(id, changes);
      noteDelay(register, command);
      writeResult(globalOptions(command).json ? toJson(record) : `${record.id} "${record.name}": ${policyWords(record) || 'no rules'}\n`);
    });
  withPlace(keys.command('revoke <id-or-name>'))
    .description('Revoke a write key for good: what is sent with it from now on is refused.')
    .addHelpText('after', '\nExamples:\n  $ touchtrail keys revoke wk_0123456789abcdef\n  $ touchtrail keys revoke shop\n')
    .action(async (id: string, _: unknown, command: Command) => {
      const register = await keyRegister(command);
      const record = await register.revoke(id);
      noteDelay(register, command);
      writeResult(globalOptions(command).json ? toJson(record) : `${record.id} is revoked\n`);
    });
}

/** What the command line says of a policy; false takes a rule away. */
interface PolicyOptions {
  readonly origin?: readonly string[] | false;
  readonly eventsPerSecond?: number | false;
  readonly sample?: number | false;
  readonly paused?: true;
  readonly resume?: true;
  readonly keepEmails?: boolean;
  readonly source?: string | false;
}

function withPolicy(command: Command): Command {
  return command
    .option('--origin <origin>', 'pages that may use it, e.g. "https://*.example.com"; may be repeated (browser keys)', collected)
    .option('--events-per-second <number>', 'most events it may send, over ten seconds', numberOf)
    .option('--sample <share>', 'share of the visitors to keep, e.g. 0.1', numberOf)
    .option('--paused', 'refuse what comes with it, and store nothing')
    .option('--keep-emails', 'store e-mail addresses as they are')
    .option('--source <id>', 'store its events as those of this key, so that copies count once (server keys)');
}

function withRemovals(command: Command): Command {
  return command
    .option('--no-origin', 'any page may use it')
    .option('--no-events-per-second', 'no limit')
    .option('--no-sample', 'keep all visitors')
    .option('--no-keep-emails', 'replace e-mail addresses by their hash')
    .option('--no-source', 'store its events as its own');
}

function withPlace(command: Command): Command {
  return command
    .option('--edge', 'the keys of the deployed edge (edge.url of the config); the default where the warehouse is BigQuery')
    .option('--no-edge', 'the keys of the data folder');
}

const orNull = <Value>(value: Value | false): Value | null => (value === false ? null : value);

function changesOf({ origin, eventsPerSecond, sample, paused, resume, keepEmails, source }: PolicyOptions): PolicyChanges {
  if (paused && resume) throw new UserError('--paused and --resume: expected one of them', { exitCode: 2 });
  return {
    ...(origin !== undefined && { origins: orNull(origin) }),
    ...(eventsPerSecond !== undefined && { events_per_second: orNull(eventsPerSecond) }),
    ...(sample !== undefined && { sample: orNull(sample) }),
    ...((paused ?? resume) && { paused: paused === true }),
    ...(keepEmails !== undefined && { keeps_emails: keepEmails }),
    ...(source !== undefined && { stores_as: orNull(source) }),
  };
}

function collected(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), value];
}

function numberOf(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) throw new InvalidArgumentError('expected a number');
  return number;
}

function noteDelay({ delay }: KeyRegister, command: Command): void {
  if (delay !== undefined && !globalOptions(command).quiet) writeNotice(delay);
}

function renderKeys(records: readonly StoredKey[], width: number): string {
  if (records.length === 0) return 'no write keys yet: create one with `touchtrail keys create`\n';
  const headers = ['Id', 'Kind', 'Name', 'Key', 'Rules', 'Created', 'Revoked'];
  return renderTable({
    columns: headers.map((header) => ({ header, align: 'left' })),
    rows: records.map((record) => [
      record.id,
      record.kind,
      record.name,
      record.key ?? '(secret)',
      policyWords(record),
      record.created_at.slice(0, 10),
      record.revoked_at?.slice(0, 10) ?? '',
    ]),
    width,
  });
}
