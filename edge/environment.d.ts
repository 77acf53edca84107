/** The tracker, bundled: imported as text by rollup (embedded) and wrangler (production) alike. */
declare module '*/tracker/t.js' {
  const script: string;
  export default script;
}
