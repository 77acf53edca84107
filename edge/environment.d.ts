/** The scripts of the website by file name, `t.js` and `t.<extension>.js`: written by the build, which bundles them first. */
declare module '*/edge/scripts.js' {
  const scripts: Readonly<Record<string, string>>;
  export default scripts;
}
