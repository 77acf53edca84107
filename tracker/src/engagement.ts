/** Milliseconds after a sign of life for which a visitor counts as active: time to read what was scrolled to. */
const IDLE = 15_000;
/** Fewer seconds are not worth an event. */
const SHORTEST = 1;

const SIGNS = ['focus', 'blur', 'pointerdown', 'pointermove', 'keydown', 'scroll'];

let active = 0;
let depth = 0;
/** When the visitor last gave a sign of life; 0 while nobody looks. */
let alive = 0;
/** Until when the visitor was active. */
let until = 0;

/** Starts to count what is done on a page, or in a frame of it. */
export function watchActivity(target: EventTarget): void {
  // A field that loses the focus is no window that does: of the field nobody tells the window on the way back up.
  for (const type of SIGNS) target.addEventListener(type, note, type !== 'blur');
  note();
}

/** Counts the time since the last sign of life. */
function note(event?: Partial<Event>): void {
  const now = Date.now();
  if (alive) active += (until = Math.min(now, alive + IDLE)) - alive;
  alive = !document.hidden && event?.type !== 'blur' ? now : 0;
  // The answer takes a layout, so it is not asked all the time; nor at the start, when there is no content yet.
  if (event && event.type !== 'pointermove')
    depth = Math.max(depth, Math.min(Math.round((100 * (scrollY + innerHeight)) / document.documentElement.scrollHeight), 100));
}

/**
 * What was done on the page since it was told last: the active seconds, how far down the page has been seen in percent, and
 * until when; without the time where it is too little: that is kept for the next time, unless that is another page.
 */
export function takeEngagement(isEnd?: boolean): [properties: object, until: Date | false] {
  // How much was seen of a page is not asked at its end, when another is in its place already.
  note(isEnd ? undefined : {});
  const engaged_seconds = Math.round(active / 100) / 10;
  const isWorthIt = engaged_seconds >= SHORTEST;
  const told = { engaged_seconds, scroll_depth: depth };
  if (isWorthIt || isEnd) active = 0;
  if (isEnd) depth = 0;
  return [told, isWorthIt && new Date(until)];
}
