/** Names of the identity keys that every project has; `email_hash_link` is an e-mail hash seen in links only. */
export const IDENTITY_KEY_NAMES = [
  'user_id',
  'email_hash',
  'previous_id',
  'ga_client_id',
  'email_hash_link',
  'click_id',
  'ip_hash',
] as const;

/** What a CRM column can be besides a key of its own: the other end of the edge, and what is hashed first. */
export const NO_IDENTITY_KEYS: readonly string[] = ['anonymous_id', 'email', 'ip_address'];

/** Built-in keys that no CRM column holds: how a hash was made, and what a former id is, only the edge knows. */
export const KEYS_OF_EVENTS: readonly string[] = ['email_hash_link', 'previous_id', 'click_id', 'ip_hash'];

/** Origins of evidence from events; a CRM source of such a name could not be told from them. */
export const EVENT_ORIGINS = ['form', 'identify', 'server', 'event', 'url'] as const;
