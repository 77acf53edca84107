import type { FigureKind } from '../../query/format.ts';
import type { MetricName } from '../../query/metrics.ts';
import { html, type Html, NOTHING } from '../html.ts';

const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1, signDisplay: 'exceptZero' });
const points = new Intl.NumberFormat('en', { maximumFractionDigits: 1, signDisplay: 'exceptZero' });

/** What more of a figure means: coloured so, the arrow says which way it went in any case. */
export type Meaning = 'better' | 'worse' | 'neither';

const WORSE: readonly MetricName[] = ['cpa', 'cpc', 'cpm', 'cost_per_qualified'];
const NEITHER: readonly MetricName[] = ['cost', 'other_cost', 'total_cost'];

/** What more of a metric means: a conversion that costs more is worse; to spend more is neither. */
export function meaningOf(metric: MetricName): Meaning {
  if (WORSE.includes(metric)) return 'worse';
  return NEITHER.includes(metric) ? 'neither' : 'better';
}

/**
 * How a figure stands beside an earlier or another one: an arrow and the relative change; of rates the change in points.
 * Nothing where there is nothing to compare, or where nothing was and is; "new" where it was 0.
 */
export function delta(now: number | null, before: number | null, kind: FigureKind = 'count', more: Meaning = 'better'): Html {
  if (now === null || before === null || (now === 0 && before === 0)) return NOTHING;
  if (kind === 'percent') return written(now - before, `${points.format((now - before) * 100)} pp`, more);
  if (before === 0) return html`<span class="delta">new</span>`;
  return written(now - before, percent.format((now - before) / Math.abs(before)), more);
}

const UP = 'M4 1L8 7H0Z';
const DOWN = 'M4 7L0 1H8Z';

function written(change: number, text: string, more: Meaning): Html {
  // What rounds to nothing has no sign, and no direction.
  if (text.startsWith('0')) return html`<span class="delta">${text}</span>`;
  const colour = more === 'neither' ? '' : change > 0 === (more === 'better') ? ' up' : ' down';
  return html`<span class="delta${colour}"
    ><svg viewBox="0 0 8 8" aria-hidden="true"><path d="${change > 0 ? UP : DOWN}"></path></svg> ${text}</span
  >`;
}
