import { addAddresses } from './abuse/addresses.ts';
import { addBodies } from './abuse/bodies.ts';
import { addCharacters } from './abuse/characters.ts';
import { addCompression } from './abuse/compression.ts';
import { addMembers } from './abuse/members.ts';
import { addRequests } from './abuse/requests.ts';
import { addShapes } from './abuse/shapes.ts';
import { type AbuseCase, createCorpus } from './abuse/corpus-builder.ts';

/** Requests that no well-behaved client sends, each with how it must end; the same for the same seed. */
export function abuseCorpus(seed: number): readonly AbuseCase[] {
  const corpus = createCorpus(seed);
  const parts = [addBodies, addMembers, addShapes, addCharacters, addCompression, addAddresses, addRequests];
  for (const addPart of parts) addPart(corpus);
  return corpus.cases;
}
