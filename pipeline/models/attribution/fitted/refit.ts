import { localDate } from '../../../config/calendar.ts';
import { UserError } from '../../../config/user-error.ts';
import type { StepContext } from '../../step.ts';
import { monthOf } from './months.ts';
import { fittedModels } from './versions.ts';

/**
 * Checks from when on models are to be fitted anew (`run --refit`).
 * @throws UserError (exit code 2) where that is no month or date, lies in the future, or no model is fitted at all.
 */
export function checkRefit({ refit, config, now }: Pick<StepContext, 'refit' | 'config' | 'now'>): void {
  if (refit === undefined) return;
  const says = (problem: string) => new UserError(`--refit ${refit}: ${problem}`, { exitCode: 2 });
  if (!isMonthOrDate(refit)) throw says('expected a month such as 2026-03, or a date in it such as 2026-03-15');
  const today = localDate(now, config.project.timeZone);
  if (monthOf(refit) > monthOf(today)) throw says(`nothing has been fitted from then on: today is ${today}`);
  if (fittedModels(config).length === 0)
    throw says('no model of attribution.models is learned from data: expected one of type markov, shapley_rate or visit_scoring');
}

function isMonthOrDate(text: string): boolean {
  if (!/^\d{4}-\d\d(-\d\d)?$/.test(text)) return false;
  const date = text.length === 7 ? `${text}-01` : text;
  const instant = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(date);
}
