import type { Step } from '../step.ts';
import { followVisitors } from './event-funnels.ts';
import { linkStages } from './links.ts';

/**
 * conversions, events and sessions → the tables that funnels are read from. Before the step `reports`, which forgets what
 * changed once it has read it.
 */
export const funnels: Step = async (context) => ({
  changes: { ...(await linkStages(context)), ...(await followVisitors(context)) },
  warnings: [],
});
