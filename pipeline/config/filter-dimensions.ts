// What filters and the rules of custom dimensions may ask about, by name: the check of the config and the SQL of the models
// read the same lists.

/** Dimensions that an event has itself: columns of `events`. */
export const EVENT_DIMENSIONS = [
  'page_path',
  'page_url',
  'referrer',
  'country',
  'region',
  'city',
  'device_type',
  'browser',
  'os',
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'utm_term',
  'utm_content',
  'utm_id',
] as const;

/** Dimensions that an event has by the session it lies in: columns of `sessions`. */
export const EVENT_SESSION_DIMENSIONS = [
  'channel',
  'source',
  'medium',
  'campaign',
  'term',
  'content',
  'landing_path',
  'landing_url',
  'ad_platform',
] as const;

/** What `dimension` in the filter of a conversion may name. */
export const FILTER_DIMENSIONS: readonly string[] = [...EVENT_DIMENSIONS, ...EVENT_SESSION_DIMENSIONS];

/** What `dimension` in a rule of `dimensions` may name: columns of `sessions`. The other subjects of a filter have no meaning there. */
export const SESSION_DIMENSIONS: readonly string[] = [
  ...EVENT_SESSION_DIMENSIONS,
  ...EVENT_DIMENSIONS.filter((name) => !name.startsWith('page_')),
];

/** Whether `dimension` names one that an event has only by its session. */
export const isOfSession = (name: string): boolean => (EVENT_SESSION_DIMENSIONS as readonly string[]).includes(name);

/**
 * Whether a text names a property: `total`, or `shipping.city` for one inside of another. Quotes, backslashes and asterisks
 * are no names to both warehouses.
 */
export const isPropertyPath = (path: string): boolean => path.split('.').every((name) => name !== '' && !/["\\*\p{Cc}]/u.test(name));
