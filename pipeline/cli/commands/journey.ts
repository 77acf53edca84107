import { type Command, Option } from 'commander';
import { isEmailHash, normalizeEmail } from '../../../edge/contract/email.ts';
import type { PublishedConfig } from '../../models/reports/publication.ts';
import { journeyTable } from '../../query/journey/flat.ts';
import { findJourney } from '../../query/journey/journey.ts';
import type { JourneySelector } from '../../query/journey/selector.ts';
import { findPublication } from '../../query/publication.ts';
import { globalOptions } from '../options.ts';
import { type JourneyProject, renderJourney } from '../render/journey.ts';
import type { Screen } from '../render/report.ts';
import { addAsOfOption, type AsOfOptions } from './as-of.ts';
import { addFileOptions, type FileOptions, writeView } from './files.ts';
import { usage } from './period.ts';

interface JourneyOptions extends AsOfOptions, FileOptions {
  readonly lead?: string;
  readonly email?: string;
  readonly anonymousId?: string;
  readonly userId?: string;
  readonly conversion?: string;
}

const EXAMPLES = `
Without a selector it shows the visitor seen last. An e-mail address is hashed before anything is looked up.

Examples:
  $ touchtrail journey
  $ touchtrail journey --email jane@example.com
  $ touchtrail journey --conversion closed_won/D-1042
  $ touchtrail journey --lead L-1007 --csv
`;

/** `touchtrail journey`: one person from the first click to the closed deal, and what has landed since the last run. */
export function registerJourney(program: Command): void {
  const selectors = [
    new Option('--lead <id>', 'the person behind a lead of the CRM'),
    new Option('--email <address>', 'an address, or its SHA-256 in hex'),
    new Option('--anonymous-id <id>', 'the cookie value of a browser'),
    new Option('--user-id <id>', "the site's own id of a user"),
    new Option('--conversion <name/id>', 'the person behind a conversion, such as closed_won/D-1042'),
  ];
  const command = program
    .command('journey')
    .description('One person: devices, what joined them, sessions with their credits, conversions, and what is not yet processed.');
  for (const selector of selectors) {
    const others = selectors.filter((other) => other !== selector).map((other) => other.attributeName());
    command.addOption(selector.conflicts(others));
  }
  addFileOptions(addAsOfOption(command), 'a row per signal, session, conversion and credit')
    .addHelpText('after', EXAMPLES)
    .action(async (options: JourneyOptions, self: Command) => {
      const { dataFolder, json } = globalOptions(self);
      const selector = selectorOf(options);
      const published = await findPublication(dataFolder, { asOf: options.asOf });
      try {
        const journey = await findJourney(dataFolder, selector, published, options.asOf !== undefined);
        const project = published && projectOf(published.publication.config);
        const text = (screen: Screen) => renderJourney(journey, project, screen);
        await writeView({ data: journey, text, table: () => journeyTable(journey) }, options, json);
      } finally {
        await published?.warehouse.close();
      }
    });
}

/** @throws UserError (exit code 2) for an address that is none, and for a conversion that is not written as name/id. */
export function selectorOf({ lead, email, anonymousId, userId, conversion }: JourneyOptions): JourneySelector {
  if (lead !== undefined) return { by: 'lead', value: lead };
  if (email !== undefined) {
    if (!isEmailHash(email) && !/^[^\s@]+@[^\s@]+$/.test(normalizeEmail(email))) {
      throw usage(`--email ${JSON.stringify(email)}: expected an e-mail address, or its SHA-256 in hex (64 digits)`);
    }
    return { by: 'email', value: email };
  }
  if (anonymousId !== undefined) return { by: 'anonymous_id', value: anonymousId };
  if (userId !== undefined) return { by: 'user_id', value: userId };
  if (conversion === undefined) return { by: 'latest' };
  const slash = conversion.indexOf('/');
  if (slash < 1 || slash === conversion.length - 1) throw usage(`--conversion ${conversion}: expected name/id, such as closed_won/D-1042`);
  return { by: 'conversion', name: conversion.slice(0, slash), id: conversion.slice(slash + 1) };
}

function projectOf({ project, conversions }: PublishedConfig): JourneyProject {
  return { ...project, labels: Object.fromEntries(conversions.map(({ name, label }) => [name, label])) };
}
