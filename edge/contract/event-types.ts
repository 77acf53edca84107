// Apart from the rows: whatever reads or checks a message needs these words, and not the schema of the tables.

/** The Segment call an event came from. */
export const EVENT_TYPES = ['identify', 'track', 'page', 'screen', 'group', 'alias'] as const;
/** One of {@link EVENT_TYPES}. */
export type EventType = (typeof EVENT_TYPES)[number];

/** How an e-mail hash became known; it decides how strongly the hash binds two visitors. */
export const EMAIL_HASH_ORIGINS = ['form', 'identify', 'url', 'server'] as const;
/** One of {@link EMAIL_HASH_ORIGINS}. */
export type EmailHashOrigin = (typeof EMAIL_HASH_ORIGINS)[number];
