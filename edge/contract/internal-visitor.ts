/** The cookie of a browser whose visits are the company's own: left out of the reports, not deleted. */
export const INTERNAL_COOKIE = { name: 'touchtrail_internal', value: '1' } as const;

/** The page that sets it; with the query `?off` the page takes it away. */
export const INTERNAL_VISITOR_PATH = '/internal-visitor';
