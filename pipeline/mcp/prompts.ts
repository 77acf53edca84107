import type { McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';

/** Tasks that people often have, written out for a model. */
export function registerPrompts(server: McpServer): void {
  server.registerPrompt(
    'compare_funnel_stages',
    {
      title: 'Compare funnel stages',
      description: 'How each channel stands from the lead to the deal: who brings many leads and few deals, and how that has changed.',
      argsSchema: z.object({
        period: z.string().optional().describe('Such as last-month, 3m or quarter. Default: 3m.'),
        model: z.string().optional().describe('Attribution model. Default: first_click.'),
      }),
    },
    ({ period = '3m', model = 'first_click' }) =>
      asked(`Compare the stages of our funnel for ${quoted(period)} under the attribution model ${quoted(model)}.

1. get_funnel with view "stages", this period and model, compare "previous": which channels change places between the stages, and which channel moved most against the period before?
2. get_funnel with view "cohort", the same period and model: rates from stage to stage, median days, and how many leads are still open (their rates may still rise).
3. Name the two or three channels where the first and the last stage disagree most, with both counts and values, and say what that means for the budget. Where ad costs are known, add cost per deal from get_report_table.

State the period, the model, the time basis and the freshness. Keep "(not attributed)" apart from "Direct", and repeat the notes of the answers. Use no number that no tool has given.`),
  );
  server.registerPrompt(
    'explain_deal',
    {
      title: 'Explain this deal',
      description:
        'What led to one conversion: its visits, its stages, who gets the credit under which model, and how the person was recognised.',
      argsSchema: z.object({ conversion: z.string().describe('name/id, such as closed_won/D-1042.') }),
    },
    ({ conversion }) =>
      asked(`Explain how the conversion ${quoted(conversion)} came about.

1. get_user_journey with this conversion: tell the visits in order with channel and campaign, the stages with the days between them, and what was not yet processed.
2. Say which sessions have credit under each model, where the models disagree, and why (list_attribution_models says what each does).
3. Say which identifiers joined the devices and how sure that is; name evidence that was refused.
4. If it is not attributed, give the reason and what could be done about it.

Use no number that no tool has given, and show no more of a person than the tools do.`),
  );
}

function asked(text: string) {
  return { messages: [{ role: 'user' as const, content: { type: 'text' as const, text } }] };
}

/** An argument as a name, not as an instruction. */
const quoted = (text: string): string => JSON.stringify(text.slice(0, 200));
