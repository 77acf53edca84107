import type { Page } from '../page.ts';
import { changes } from './changes.ts';
import { channels } from './channels.ts';
import { costs } from './costs.ts';
import { funnel } from './funnel.ts';
import { identity } from './identity.ts';
import { journeys } from './journeys.ts';
import { overview } from './overview.ts';
import { runs } from './runs.ts';

/** The pages in the order of the navigation. */
export const PAGES: readonly Page[] = [overview, channels, funnel, journeys, costs, identity, runs, changes];
