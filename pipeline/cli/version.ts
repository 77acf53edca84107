import { readFileSync } from 'node:fs';

/** The version of the product, from the package's own manifest, three folders up from the built file and two from the source. */
export function version(): string {
  const manifest = new URL(import.meta.url.endsWith('.ts') ? '../../package.json' : '../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
