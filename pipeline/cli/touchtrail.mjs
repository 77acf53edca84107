#!/usr/bin/env node
// Plain JavaScript without imports, so that every Node can at least say what is missing.
const needed = [22, 18];
const [major, minor] = process.versions.node.split('.').map(Number);
if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `error: touchtrail needs Node ${needed.join('.')} or newer; this is ${process.versions.node} (${process.execPath})\n` +
      'Install a newer Node, or put one into your project and run touchtrail through npm:\n' +
      '  npm install --save-dev node@24\n' +
      '  npx touchtrail --help\n',
  );
  process.exit(1);
}
// In the checkout Node runs the TypeScript itself; it refuses to below node_modules, so the package brings JavaScript.
const { existsSync } = await import('node:fs');
const source = new URL('./main.ts', import.meta.url);
const { main } = await import(existsSync(source) ? source : new URL('../../dist/pipeline/cli/main.js', import.meta.url));
process.exitCode = await main(process.argv.slice(2));
