import { CLICK_ID_PARAMETERS } from '../../../edge/contract/click-ids.ts';
import type { Core } from '../extension.ts';
import { isRestricted } from '../restricted.ts';

const CLICK_IDS = CLICK_ID_PARAMETERS.map(({ name }) => name);
/** Members of events, at any depth, that are left out as a whole. */
const MEMBERS: ReadonlySet<string> = new Set(['emailHashes', 'adIds', 'ehash', ...CLICK_IDS]);
/** Click ids and e-mail hashes in an address, several in a row at once, with the `&` behind the last. */
const PARAMETERS = RegExp(`([?&#])(?:(?:ehash|${CLICK_IDS.join('|')})=[^&#\\s"'<>]*(&?))+`, 'gi');
/** A hash by itself: e-mail addresses in texts and ids have become such before. */
const HASH = /\b[\da-f]{64}\b/gi;

/** Takes out of each event what leads to a person or an ad platform, where that is not to be kept: e-mail hashes and click ids. */
export default function privacy({ options, touchtrail, outgoing, hasChosen }: Core): void {
  outgoing.push((json) => {
    if (!isRestricted({ options, touchtrail, hasChosen })) {
      const open = JSON.parse(json) as { context: Record<string, unknown> };
      // The core notes the signal for the edge; here it is outweighed or ignored.
      delete open.context['gpc'];
      return JSON.stringify(open);
    }
    const message = JSON.parse(json, (name, value: unknown) => {
      if (MEMBERS.has(name.toLowerCase()) || MEMBERS.has(name) || name.search(HASH) >= 0) return undefined;
      return typeof value === 'string' ? withoutTies(value) : value;
    }) as { context: Record<string, unknown> };
    // The edge takes the same out of whatever it reads, and exports leave the event alone.
    message.context['gpc'] = true;
    return JSON.stringify(message);
  });
}

/** The sign in front of the parameters stays where others follow. */
function withoutTies(text: string): string {
  return text.replace(PARAMETERS, (_, sign: string, after: string) => after && sign).replace(HASH, '');
}
