/** What the page says about the installation. */
export interface TrackerConfig {
  readonly writeKey: string;
  /** Base address of the edge, ending in a slash. */
  readonly edge: string;
  /** Whether a page view is sent on load. */
  readonly page: boolean;
}

/**
 * Reads the options from the script tag: `data-write-key`, `data-api-host`, `data-page`. Tag managers strip such
 * attributes, so each may also stand in the query of the script's address (`t.js?write-key=…`).
 * The edge is by default where the script lies: `/t/t.js` belongs to `/t/v1/batch`. Undefined without a write key.
 */
export function readConfig(script: Pick<HTMLScriptElement, 'src' | 'getAttribute'>): TrackerConfig | undefined {
  const option = (name: string) => script.getAttribute(`data-${name}`) ?? new URL(script.src).searchParams.get(name);
  const writeKey = option('write-key');
  return writeKey
    ? {
        writeKey,
        edge: new URL((option('api-host') ?? '.').replace(/\/?$/, '/'), script.src).href,
        page: option('page') !== 'false',
      }
    : undefined;
}
