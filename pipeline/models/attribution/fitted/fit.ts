import { lookbackDaysOf } from '../../../config/attribution.ts';
import type { StepContext } from '../../step.ts';
import { fitVisitScoring } from '../visits/fit.ts';
import { markovVersion, shapleyVersion } from './effects.ts';
import { trainingWindow } from './months.ts';
import { countChannelSets, countTransitions } from './path-counts.ts';
import type { PathWindow } from './training-paths.ts';
import type { FittedModel, Version } from './versions.ts';

/** A month of a conversion that a model is to be fitted for. */
export interface Wanted {
  readonly conversion: string;
  readonly month: string;
}

/** A version with what it is of. */
export interface FittedVersion {
  readonly conversion: string;
  readonly version: Version;
}

/** So many windows are counted by one statement: each holds all visits of its time. */
const WINDOWS_PER_STATEMENT = 6;

/** Fits a model for months of conversions, none twice, on the paths of their training windows as they are known now. */
export async function fit(
  context: Pick<StepContext, 'warehouse' | 'config' | 'now'>,
  model: FittedModel,
  wanted: readonly Wanted[],
): Promise<FittedVersion[]> {
  const { warehouse, config } = context;
  const windows = wanted
    .map(({ conversion, month }): PathWindow => ({
      ...trainingWindow(month, model.trainingDays, config.project.timeZone),
      conversion,
      lookbackDays: lookbackDaysOf(config, model, conversion),
    }))
    // Windows of about the same time are counted together: they read the same sessions.
    .toSorted((one, other) => (one.from < other.from ? -1 : one.from > other.from ? 1 : 0));
  const fitted: FittedVersion[] = [];
  if (model.type === 'visit_scoring') {
    for (const [conversion, own] of Map.groupBy(windows, (window) => window.conversion)) {
      const months = own.map(({ month, from, to }) => ({ month, from, to }));
      for (const { month, trained_from, trained_to, status, notice, conversions, paths, parameters, quality } of await fitVisitScoring(
        context,
        model,
        conversion,
        months,
      )) {
        const version = { month, trained_from, trained_to, status, notice, conversions, paths, parameters, quality, effects: [] };
        fitted.push({ conversion, version });
      }
    }
    return fitted;
  }
  for (let start = 0; start < windows.length; start += WINDOWS_PER_STATEMENT) {
    const together = windows.slice(start, start + WINDOWS_PER_STATEMENT);
    const versions = await versionsOf(warehouse, model, together);
    together.forEach(({ conversion }, i) => fitted.push({ conversion, version: versions[i]! }));
  }
  return fitted;
}

async function versionsOf(
  warehouse: StepContext['warehouse'],
  model: Exclude<FittedModel, { type: 'visit_scoring' }>,
  windows: readonly PathWindow[],
): Promise<Version[]> {
  if (model.type === 'shapley_rate') {
    const counted = await countChannelSets(warehouse, windows);
    return windows.map((window, i) => shapleyVersion(window, counted, i));
  }
  const counted = await countTransitions(warehouse, windows, model.order);
  return windows.map((window, i) => markovVersion(window, counted, i, model.order));
}
