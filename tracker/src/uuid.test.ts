import { expect, it } from 'vitest';
import { uuid } from './uuid.ts';

it('makes UUIDs of version 4, all different', () => {
  const made = Array.from({ length: 1_000 }, uuid);
  for (const id of made) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(made).size).toBe(1_000);
  // Every digit but the version and the dashes takes more than one value.
  for (let i = 0; i < 36; i++) expect(new Set(made.map((id) => id[i])).size > 1).toBe(![8, 13, 14, 18, 23].includes(i));
});
