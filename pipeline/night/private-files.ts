/**
 * From here on, files that this process makes are its user's alone: what a run writes, the engine's own files included,
 * is personal data of visitors.
 */
export function keepFilesPrivate(): void {
  process.umask(0o077);
}
