import { keepAnonymousId } from './anonymous-id.ts';
import { createApi, type Touchtrail } from './api.ts';
import { attempt } from './attempt.ts';
import { readCampaign } from './campaign.ts';
import type { TrackerConfig } from './config.ts';
import { noteAddress } from './context.ts';
import { startDelivery } from './delivery.ts';
import { takeHashFromAddress } from './email-hash.ts';
import { keepFormsFilled } from './forms/hidden-field.ts';
import { reportSubmissions } from './forms/submission.ts';
import { session, touchSession } from './session.ts';

/** Starts everything on this page and returns the methods. `calls` were made while the script was loading. */
export function start(config: TrackerConfig, calls: readonly (readonly unknown[])[]): Touchtrail {
  touchSession(Date.now());
  // A visit keeps its campaign from page to page; a new one takes the place of the former as a whole.
  session.campaign = readCampaign(location.search) ?? session.campaign;
  noteAddress(takeHashFromAddress(), 'url');
  keepAnonymousId();

  const touchtrail = createApi(startDelivery(`${config.edge}v1/batch`, config.writeKey));
  // A page that calls page() itself has its own view of what a page view is.
  if (config.page && !calls.some((call) => call?.[0] === 'page')) touchtrail.page();
  // One bad call must not keep the others, and the forms below, from their turn.
  for (const call of calls) attempt(() => touchtrail.push(call));

  reportSubmissions(touchtrail.track);
  // The site's own field may come after the form's opening tag: look once the forms are whole.
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', keepFormsFilled);
  else keepFormsFilled();
  return touchtrail;
}
