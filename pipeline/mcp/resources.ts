import type { McpServer } from '@modelcontextprotocol/server';
import { listConversions } from '../query/conversions/list.ts';
import { publishedModel } from '../models/reports/publication.ts';
import type { McpContext } from './context.ts';
import { markdownTable } from './markdown.ts';
import { masked } from './mask.ts';
import { MODEL_WORDS } from './model-words.ts';
import { dimensionsOf } from './tools/dimensions.ts';
import { metricRows } from './tools/metrics.ts';
import { messageOf } from './tool.ts';
import { UserError } from '../config/user-error.ts';

const text = (label: string) => ({ label, text: true });

interface Definition {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly read: (context: McpContext) => Promise<string>;
}

/** Definitions that a model may read at any time: they change with the config, not with the day. */
const DEFINITIONS: readonly Definition[] = [
  {
    name: 'metrics',
    title: 'Metrics',
    description: 'What every metric of reports means, and what it needs.',
    read: async () =>
      markdownTable(
        [text('Name'), text('Label'), text('Definition'), text('Kind'), text('Of conversions')],
        metricRows().map((row) => [row.name, row.label, row.description, row.kind, row.of_conversions ? 'yes' : 'no']),
      ),
  },
  {
    name: 'models',
    title: 'Attribution models',
    description: 'The attribution models of the project and what each does.',
    read: async ({ reader }) =>
      await reader.read(undefined, async ({ publication: { config } }) =>
        markdownTable(
          [text('Name'), text('Label'), text('Type'), text('What it does')],
          config.models.map((name) => {
            const { label, type } = publishedModel(config, name);
            return [name, label, type, MODEL_WORDS[type] ?? ''];
          }),
        ),
      ),
  },
  {
    name: 'conversions',
    title: 'Conversions',
    description: 'What counts as a conversion, and the stages of the funnel.',
    read: async ({ reader, config }) =>
      await reader.read(undefined, async (opened) => {
        const { funnel } = opened.publication.config;
        const listed = await listConversions(await config(), opened);
        return markdownTable(
          [text('Name'), text('Label'), text('Kind'), text('Stage'), text('Value'), text('Takes the credits of')],
          listed.map(({ name, label, kind, value, parent }) => {
            const stage = funnel.indexOf(name);
            return [name, label, kind, stage < 0 ? '—' : String(stage + 1), value, parent ?? '—'];
          }),
        );
      }),
  },
  {
    name: 'dimensions',
    title: 'Dimensions',
    description: 'What reports can be broken down by, and whether ad costs are known by it.',
    read: async ({ reader }) =>
      await reader.read(undefined, async ({ publication: { config } }) =>
        markdownTable(
          [text('Name'), text('Label'), text('Ad costs')],
          dimensionsOf(config).map(({ name, label, has_costs }) => [name, label, has_costs ? 'yes' : 'no']),
        ),
      ),
  },
];

/** Offers the definitions as resources, `touchtrail://metrics` and so on. */
export function registerResources(server: McpServer, context: McpContext): void {
  for (const { name, title, description, read } of DEFINITIONS) {
    const uri = `touchtrail://${name}`;
    server.registerResource(name, uri, { title, description, mimeType: 'text/markdown' }, async () => {
      try {
        return { contents: [{ uri, mimeType: 'text/markdown', text: masked(`# ${title}\n\n${await read(context)}\n`) }] };
      } catch (error) {
        throw new UserError(masked(messageOf(error, uri, context)), { cause: error });
      }
    });
  }
}
