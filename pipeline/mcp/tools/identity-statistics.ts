import * as z from 'zod';
import { publishedStatistics } from '../../query/identity/statistics.ts';
import { markdownTable } from '../markdown.ts';
import { Meta, metaOf } from '../meta.ts';
import { fromPublication, OF_PUBLICATION } from '../page.ts';
import { defineTool } from '../tool.ts';
import { sentences, titleOf } from '../words.ts';

const NAME = 'get_identity_statistics';

export const identityStatistics = defineTool({
  name: NAME,
  title: 'Identity',
  description: `How devices become persons: persons and anonymous ids, devices per person, what each signal (user id, e-mail hash, click id, IP …) joined and what of it was refused and why, and the largest persons.
When: "how many visitors do we recognise", "does joining by IP do anything", "is somebody joined who should not be".
Example: {}
joins: groups of anonymous ids that this signal brought together; over all signals they are anonymous ids less persons. A refused edge is evidence that was not believed, such as a value that many share.
Limits: of the whole publication, not of a period; no identifiers. One person: get_user_journey.`,
  input: z.strictObject({ ...OF_PUBLICATION }),
  output: z.strictObject({
    rows: z
      .array(
        z.strictObject({
          signal: z.string(),
          tier: z.string().describe('deterministic, weak or probabilistic.'),
          edges_used: z.int(),
          anonymous_ids: z.int(),
          joins: z.int(),
          refused: z.record(z.string(), z.int()).describe('Edges by reason.'),
        }),
      )
      .describe('Signals, in the order in which they are believed.'),
    devices: z.array(z.strictObject({ devices: z.int(), persons: z.int() })).describe('Persons by how many devices they have.'),
    largest: z.array(z.strictObject({ person_id: z.string(), anonymous_ids: z.int(), first_seen: z.string() })),
    totals: z.strictObject({ persons: z.int(), anonymous_ids: z.int() }),
    meta: Meta,
  }),
  answer: (input, context) =>
    fromPublication(context, NAME, input, async (opened) => {
      const found = await publishedStatistics(opened);
      const meta = metaOf(opened, { as_of: input.as_of, now: context.now() }, { row_count: found.signals.length });
      const table = markdownTable(
        [{ label: 'Signal', text: true }, { label: 'Tier', text: true }, { label: 'Ids' }, { label: 'Joins' }, { label: 'Refused' }],
        found.signals.map((row) => [
          row.signal,
          row.tier,
          count(row.anonymous_ids),
          count(row.joins),
          count(Object.values(row.refused).reduce((all, edges) => all + edges, 0)),
        ]),
      );
      const structured = {
        rows: found.signals.map((row) => ({ ...row, refused: { ...row.refused } })),
        devices: found.devices.map((row) => ({ ...row })),
        largest: found.largest.map((row) => ({ ...row })),
        totals: { persons: found.persons, anonymous_ids: found.anonymous_ids },
        meta,
      };
      const words = `${count(found.persons)} persons with ${count(found.anonymous_ids)} anonymous ids.`;
      return { structured, text: sentences(titleOf('Identity', meta), words, table) };
    }),
});

const count = (value: number): string => value.toLocaleString('en');
