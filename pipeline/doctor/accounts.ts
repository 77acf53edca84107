import { addDays, localDate } from '../config/calendar.ts';
import type { Config } from '../config/schema.ts';
import { reconcile } from '../query/reconcile/reconcile.ts';
import { type Finding, ok, problem, unknown, wordsOf } from './finding.ts';

/** Days that are accounted for, today included. */
const DAYS = 7;

/** The verdict of `touchtrail reconcile` on the last days. Only where reading costs nothing: on this machine. */
export async function examineAccounts({ warehouse, project: { timeZone } }: Config, dataFolder: string, now: Date): Promise<Finding> {
  const to = localDate(now, timeZone);
  try {
    const { balanced } = await reconcile({ config: warehouse, dataFolder, timeZone, from: addDays(to, 1 - DAYS), to, now });
    return balanced
      ? ok('Accounts', `every event that was accepted in the last ${DAYS} days is accounted for`)
      : problem('Accounts', `events of the last ${DAYS} days are missing`, `npx touchtrail reconcile --last ${DAYS}d lists them`);
  } catch (error) {
    // While a run is in progress, and where one was killed before it had made its tables.
    return unknown('Accounts', wordsOf(error).split('\n')[0]!);
  }
}
