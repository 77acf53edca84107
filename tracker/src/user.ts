import { setAnonymousId } from './anonymous-id.ts';
import { guarded } from './attempt.ts';
import { withoutAddresses } from './email-hash.ts';
import { fillForms } from './forms/fill.ts';
import { update } from './storage.ts';

/** What the page has told of the user, on this page. */
export let userTraits: object = {};

/** The site's own id of who is signed in, as far as it is known; null where it is nobody. */
export function userId(): string | null | undefined {
  return update().user;
}

/** Forgets the user. */
export function forgetUser(): void {
  userTraits = {};
  update({ user: null });
}

/** Says who the user is; an e-mail address is replaced by its hash. */
export function setUser(id: string | number | null | undefined, traits?: object): void {
  const user = id ? withoutAddresses(`${id}`) : null;
  const former = userId();
  // Two users of one browser are two visitors.
  if (user && former && user !== former) renew();
  update({ user });
  userTraits = { ...userTraits, ...traits };
}

/** Forgets the user and continues as the visitor with this id, a UUID, or as a new one. */
export const renew = guarded((id?: string) => {
  forgetUser();
  setAnonymousId(id);
  fillForms();
});
