import * as z from 'zod';
import { listModels } from '../../query/models/list.ts';
import { modelQuality } from '../../query/models/quality.ts';
import { parseVersionsQuery } from '../../query/models/schema.ts';
import { markdownTable } from '../markdown.ts';
import { Meta, metaOf } from '../meta.ts';
import { MODEL_WORDS } from '../model-words.ts';
import { fromPublication, OF_PUBLICATION } from '../page.ts';
import { defineTool } from '../tool.ts';
import { sentences, titleOf } from '../words.ts';

const NAME = 'list_attribution_models';

const Version = z.strictObject({
  conversion: z.string(),
  month: z.string(),
  status: z.enum(['fitted', 'too_little_data']),
  notice: z.string().nullable(),
  conversions: z.int(),
  paths: z.int(),
  trained_from: z.string(),
  trained_to: z.string(),
  fitted_at: z.string(),
});

const Quality = z.strictObject({
  conversion: z.string(),
  month: z.string(),
  auc: z.number().nullable().describe('Area under the curve on persons it has not learned from; 0.5 is guessing.'),
  log_loss: z.number().nullable(),
  base_log_loss: z.number().nullable().describe('The log loss of giving every visit the same chance.'),
  greatest_error: z.number().nullable().describe('Of sampled effects the largest standard error.'),
});

export const attributionModels = defineTool({
  name: NAME,
  title: 'Attribution models',
  description: `The attribution models: what each does, its look-back window by conversion, and of those that are learned from data the latest versions, which months are provisional, and how well they fit.
When: before comparing models; "how does this model decide", "can I trust the Markov numbers of this month".
Example: {"quality":true}
Limits: of each conversion the latest version that was fitted (version_count says how many there are). A provisional month is credited by an earlier version until its own is fitted, 7 days after its end; where a version has too little data the last significant click is credited.`,
  input: z.strictObject({ ...OF_PUBLICATION, quality: z.boolean().default(true).describe('How well learned models fit.') }),
  output: z.strictObject({
    rows: z.array(
      z.strictObject({
        name: z.string(),
        label: z.string(),
        type: z.string(),
        description: z.string(),
        is_fitted: z.boolean().describe('Whether it is learned from data, and so has versions.'),
        lookback_days: z.record(z.string(), z.int()).describe('By conversion.'),
        version_count: z.int(),
        versions: z.array(Version),
        provisional: z.array(z.strictObject({ conversion: z.string(), month: z.string(), version_month: z.string().nullable() })),
        quality: z.array(Quality),
      }),
    ),
    totals: z.strictObject({ models: z.int() }),
    meta: Meta,
  }),
  answer: (input, context) =>
    fromPublication(context, NAME, input, async (opened) => {
      const { warehouse, publication } = opened;
      const listed = await listModels(warehouse, publication.config);
      const hasQuality = input.quality && listed.some(({ versions }) => versions.length > 0);
      const quality = hasQuality ? await modelQuality(warehouse, parseVersionsQuery({}, publication.config)) : [];
      const rows = listed.map(({ versions, provisional, lookback_days, ...model }) => ({
        ...model,
        description: MODEL_WORDS[model.type] ?? '',
        lookback_days: { ...lookback_days },
        version_count: versions.length,
        versions: latest(versions).map((version) => ({ ...version })),
        provisional: provisional.map((one) => ({ ...one })),
        quality: quality
          .filter((one) => one.model === model.name)
          .map(({ conversion, month, auc, log_loss, base_log_loss, greatest_error }) => ({
            conversion,
            month,
            auc,
            log_loss,
            base_log_loss,
            greatest_error,
          })),
      }));
      const notes = rows.flatMap(({ name, provisional }) => {
        const months = [...new Set(provisional.map(({ month }) => month))].toSorted();
        return months.length === 0 ? [] : [`${name} is provisional for ${months.join(', ')}`];
      });
      const meta = metaOf(
        opened,
        { as_of: input.as_of, now: context.now() },
        { models: rows.map(({ name }) => name), row_count: rows.length, notes },
      );
      const table = markdownTable(
        [
          { label: 'Name', text: true },
          { label: 'Label', text: true },
          { label: 'Type', text: true },
          { label: 'Days' },
          { label: 'Versions' },
          { label: 'What it does', text: true },
        ],
        rows.map((row) => [
          row.name,
          row.label,
          row.type,
          windows(row.lookback_days),
          row.is_fitted ? String(row.version_count) : '—',
          row.description,
        ]),
      );
      return {
        structured: { rows, totals: { models: rows.length }, meta },
        text: sentences(titleOf('Attribution models', meta), table, ...rows.flatMap(qualityInWords), ...notes),
      };
    }),
});

/** Of each conversion the last that was fitted, else the last; versions come in the order of their months. */
function latest<Version extends { readonly conversion: string; readonly status: string }>(versions: readonly Version[]): Version[] {
  const fitted = versions.filter(({ status }) => status === 'fitted');
  return [...new Map([...versions, ...fitted].map((version) => [version.conversion, version])).values()];
}

function windows(lookback: Readonly<Record<string, number>>): string {
  const days = Object.values(lookback);
  if (days.length === 0) return '—';
  const [least, most] = [Math.min(...days), Math.max(...days)];
  return least === most ? String(least) : `${least}–${most}`;
}

/** How well the versions of a model fit, one sentence each. */
function qualityInWords({
  name,
  versions,
  quality,
}: {
  name: string;
  versions: readonly z.infer<typeof Version>[];
  quality: readonly z.infer<typeof Quality>[];
}): string[] {
  return versions.map(({ conversion, month, status, notice, conversions, paths }) => {
    const fit = quality.find((one) => one.conversion === conversion);
    const learned = `learned from ${conversions.toLocaleString('en')} conversions and ${paths.toLocaleString('en')} paths`;
    const says = [
      ...(fit?.auc == null ? [] : [`AUC ${fit.auc.toFixed(3)}`]),
      ...(fit?.greatest_error == null ? [] : [`sampled, standard error at most ${fit.greatest_error}`]),
    ];
    return `${name} of ${conversion}, ${month}: ${status === 'fitted' ? [learned, ...says].join(', ') : (notice ?? 'too little data')}`;
  });
}
