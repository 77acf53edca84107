import type { Publication } from '../query/publication.ts';

/** Answers that are kept of a publication: those of the questions asked last. Each may have {@link MOST_ROWS_OF_ALL} rows. */
const KEPT = 2;

/** They go with the publication, once nobody has it open any more. */
const answers = new WeakMap<Publication, Map<string, Promise<unknown>>>();

/**
 * Answers a question of which page after page is asked: the engine works once, however many pages there are. A publication does not
 * change, and neither do its answers. One that failed is asked again.
 * @param question all that the answer depends on, beside the publication; as JSON.
 */
export function keptAnswer<Answer>(publication: Publication, question: unknown, ask: () => Promise<Answer>): Promise<Answer> {
  const known = answers.get(publication) ?? new Map<string, Promise<unknown>>();
  answers.set(publication, known);
  const key = JSON.stringify(question);
  const answer = (known.get(key) as Promise<Answer> | undefined) ?? ask();
  // The one asked for last stands last.
  known.delete(key);
  known.set(key, answer);
  for (const oldest of [...known.keys()].slice(0, Math.max(0, known.size - KEPT))) known.delete(oldest);
  answer.catch(() => {
    if (known.get(key) === answer) known.delete(key);
  });
  return answer;
}
