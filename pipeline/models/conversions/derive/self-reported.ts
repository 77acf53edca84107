import type { SelfReportedConfig } from '../../../config/conversions.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, join, raw, sql } from '../../../warehouse/sql.ts';

/** How a channel reads that people named themselves. */
const LABEL = ' (SRA)';

/** The channel that the rules give an answer: the first that holds, without regard to letter case; NULL where none does. */
export function selfReportedChannel(dialect: Dialect, { rules }: SelfReportedConfig, answer: Sql): Sql {
  if (rules.length === 0) return raw('cast(null as string)');
  const text = dialect.lower(answer);
  const cases = rules.map(({ channel, when }) => sql`when ${condition(dialect, text, when)} then ${labelled(channel)}`);
  return sql`case when ${answer} is null then null ${join(cases, '\n        ')} end`;
}

const labelled = (channel: string): string => (channel.endsWith(LABEL) ? channel : `${channel}${LABEL}`);

function condition(dialect: Dialect, text: Sql, when: SelfReportedConfig['rules'][number]['when']): Sql {
  const lower = (value: string) => sql`${dialect.lower(sql`${value}`)}`;
  if (when.equals !== undefined) return sql`${text} = ${lower(when.equals)}`;
  if (when.in !== undefined) return sql`${text} in (${join(when.in.map(lower))})`;
  if (when.contains !== undefined) return sql`strpos(${text}, ${lower(when.contains)}) > 0`;
  if (when.startsWith !== undefined) return sql`starts_with(${text}, ${lower(when.startsWith)})`;
  // The text is lower-cased, the pattern is not: `\S` is not `\s`.
  return dialect.regexpContains(text, `(?i)${when.matches ?? ''}`);
}
