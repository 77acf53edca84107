/** What one check of `touchtrail doctor` found. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly subject: string;
  /** `note`: worth knowing, and not wrong; `unknown`: could not be looked at because of something that was found before. */
  readonly status: 'ok' | 'problem' | 'note' | 'unknown';
  /** What is the case: one sentence without a full stop. */
  readonly says: string;
  /** What to run or to change; only where there is something to do. */
  readonly remedy?: string;
}

export const ok = (subject: string, says: string): Finding => ({ subject, status: 'ok', says });
export const problem = (subject: string, says: string, remedy: string): Finding => ({ subject, status: 'problem', says, remedy });
export const note = (subject: string, says: string, remedy?: string): Finding => ({
  subject,
  status: 'note',
  says,
  ...(remedy !== undefined && { remedy }),
});
export const unknown = (subject: string, says: string): Finding => ({ subject, status: 'unknown', says });

/** The message of whatever was thrown. */
export function wordsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error && error.message === 'fetch failed' ? `${error.message} (${error.cause.message})` : error.message;
}

/** How long ago an instant is, in the largest unit that says enough: `3 hours`, `2 days`. */
export function ageOf(instant: string, now: Date): string {
  const minutes = Math.max(0, Math.floor((now.getTime() - Date.parse(instant)) / 60_000));
  const [count, unit] =
    minutes < 120 ? [minutes, 'minute'] : minutes < 2880 ? [Math.floor(minutes / 60), 'hour'] : [Math.floor(minutes / 1440), 'day'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
