/** A message of the tracker, as far as the tests look at it. */
export interface SentEvent {
  readonly type: string;
  readonly event?: string;
  readonly name?: string;
  readonly category?: string;
  readonly groupId?: string;
  readonly messageId: string;
  readonly anonymousId: string;
  readonly userId?: string | null;
  readonly previousId?: string;
  readonly timestamp: string;
  readonly sequence: number;
  readonly properties?: Record<string, unknown>;
  readonly traits?: Record<string, unknown>;
  readonly context: {
    readonly page: { readonly url: string; readonly title: string; readonly referrer: string };
    /** How the visit began. */
    readonly landing: { readonly url: string; readonly referrer: string };
    readonly emailHashes?: readonly { readonly hash: string; readonly origin: string }[];
    readonly gaClientId?: string;
    readonly library: { readonly name: string; readonly version: string };
  } & Record<string, unknown>;
}
