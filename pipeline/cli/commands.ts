import type { Command } from 'commander';

/** A command of the command line. Its code is loaded where it is called: most of what the others need it does without. */
export interface CommandEntry {
  readonly name: string;
  /** As the command itself says it. */
  readonly description: string;
  /** Loads the function that declares the command. */
  readonly load: () => Promise<(program: Command) => void>;
}

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'init',
    description: 'Write a config, an example conversion and a write key for your website; with BigQuery, everything to deploy the edge.',
    load: async () => (await import('./commands/init.ts')).registerInit,
  },
  {
    name: 'up',
    description: 'Receive events, run the pipeline every night, and show the dashboard.',
    load: async () => (await import('./commands/up.ts')).registerUp,
  },
  {
    name: 'run',
    description: 'Run the pipeline now: load what has landed, update all tables, publish.',
    load: async () => (await import('./commands/run.ts')).registerRun,
  },
  {
    name: 'import',
    description: 'Import history: events that happened before tracking began, or that another system has.',
    load: async () => (await import('./commands/import.ts')).registerImport,
  },
  {
    name: 'report',
    description: 'Sessions, cost, conversions, value and ROAS by channel, campaign, date …, models side by side.',
    load: async () => (await import('./commands/report.ts')).registerReport,
  },
  {
    name: 'funnel',
    description: 'The way to the deal by channel: stages, lead cohorts, ads or events, with rates, losses and the place that flips.',
    load: async () => (await import('./commands/funnel.ts')).registerFunnel,
  },
  {
    name: 'journey',
    description: 'One person: devices, what joined them, sessions with their credits, conversions, and what is not yet processed.',
    load: async () => (await import('./commands/journey.ts')).registerJourney,
  },
  {
    name: 'dashboard',
    description: 'Show the reports in a browser.',
    load: async () => (await import('./commands/dashboard.ts')).registerDashboard,
  },
  {
    name: 'mcp',
    description: 'Answer the questions of an assistant over stdio, by the Model Context Protocol (read-only).',
    load: async () => (await import('./commands/mcp.ts')).registerMcp,
  },
  {
    name: 'identity',
    description: 'Who is one person and why: explain two identifiers, statistics, shared values, changes.',
    load: async () => (await import('./commands/identity.ts')).registerIdentity,
  },
  {
    name: 'sources',
    description: 'What the pipeline reads from elsewhere: exchange rates, ad costs.',
    load: async () => (await import('./commands/sources.ts')).registerSources,
  },
  {
    name: 'conversions',
    description: 'What counts as a conversion: list them, try one, see what changed after the fact.',
    load: async () => (await import('./commands/conversions.ts')).registerConversions,
  },
  {
    name: 'models',
    description: 'The attribution models with their windows and versions, and what those that are learned from data have learned.',
    load: async () => (await import('./commands/models.ts')).registerModels,
  },
  {
    name: 'publications',
    description: 'The publications that can be read, latest first: what --as-of and diff take.',
    load: async () => (await import('./commands/publications.ts')).registerPublications,
  },
  {
    name: 'diff',
    description: 'Why numbers changed between two publications: new, updated and deleted conversions, late events, merges, costs …',
    load: async () => (await import('./commands/diff.ts')).registerDiff,
  },
  {
    name: 'query',
    description: 'Read-only SQL on the warehouse.',
    load: async () => (await import('./commands/query.ts')).registerQuery,
  },
  {
    name: 'tail',
    description: 'Show events as they arrive.',
    load: async () => (await import('./commands/tail.ts')).registerTail,
  },
  {
    name: 'reconcile',
    description: 'Account for every event that the edge has acknowledged, by day and write key.',
    load: async () => (await import('./commands/reconcile.ts')).registerReconcile,
  },
  {
    name: 'replay',
    description: 'Put deliveries that were given up back into the queue of the deployed edge.',
    load: async () => (await import('./commands/replay.ts')).registerReplay,
  },
  {
    name: 'keys',
    description: 'Write keys: browser keys are public, server keys are secret and may import history.',
    load: async () => (await import('./commands/keys.ts')).registerKeys,
  },
  {
    name: 'ehash',
    description: 'Add the column ehash, the SHA-256 of the e-mail address, to a CSV file of contacts.',
    load: async () => (await import('./commands/ehash.ts')).registerEhash,
  },
  {
    name: 'person',
    description: 'What is stored of a person.',
    load: async () => (await import('./commands/person.ts')).registerPerson,
  },
  {
    name: 'erase',
    description: 'Erase a person: what is stored, and what arrives later.',
    load: async () => (await import('./commands/erase.ts')).registerErase,
  },
  {
    name: 'doctor',
    description: 'Check the set-up, or a page of the website: what is wrong, and what to run.',
    load: async () => (await import('./commands/doctor.ts')).registerDoctor,
  },
];
