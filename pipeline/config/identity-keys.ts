/** Names of the identity keys that every project has; `email_hash_link` is an e-mail hash seen in links only. */
export const IDENTITY_KEY_NAMES = ['user_id', 'email_hash', 'ga_client_id', 'email_hash_link'] as const;

/** Keys of the data model that no model reads yet: to set one would do nothing, and is an error. */
export const UNSUPPORTED_IDENTITY_KEYS: readonly string[] = ['click_id', 'ip_hash'];

/** What a CRM column can be besides a key of its own: the other end of the edge, and an address, which is hashed. */
export const NO_IDENTITY_KEYS: readonly string[] = ['anonymous_id', 'email'];
