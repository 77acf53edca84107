/** A browser of the person. */
export interface Device {
  readonly anonymous_id: string;
  readonly device_type: string | null;
  readonly browser: string | null;
  readonly os: string | null;
  readonly country: string | null;
  readonly city: string | null;
  /** ISO in UTC, as all times here. */
  readonly first_seen: string;
  readonly last_seen: string;
  /** Published sessions. */
  readonly sessions: number;
  /** Events that are not yet processed. */
  readonly pending_events: number;
}

/** The share of a conversion that one session has under one model. */
export interface JourneyCredit {
  readonly conversion: string;
  readonly conversion_id: string;
  readonly model: string;
  /** Fraction of 1. */
  readonly credit: number;
  /** In units of the project currency. */
  readonly value: number | null;
}

export interface JourneySession {
  readonly session_id: string;
  readonly anonymous_id: string;
  readonly started_at: string;
  readonly ended_at: string;
  readonly channel: string;
  readonly source: string;
  readonly medium: string;
  readonly campaign: string | null;
  readonly landing_path: string | null;
  readonly page_views: number;
  readonly credits: readonly JourneyCredit[];
}

/** The stage of the funnel that a conversion follows. */
export interface StageTransition {
  readonly name: string;
  readonly label: string;
  readonly id: string;
  /** Whole days between them. */
  readonly days: number;
}

export interface JourneyConversion {
  readonly name: string;
  readonly label: string;
  readonly id: string;
  readonly conversion_time: string;
  readonly attribution_time: string;
  readonly value: number | null;
  readonly is_qualified: boolean | null;
  /** Null for the first stage, and for what is no stage of the funnel. */
  readonly follows: StageTransition | null;
  /** Which identifier led to the person. */
  readonly matched_by: string | null;
  /** The conversion at the head of its chain whose credits it has; null where it has its own. */
  readonly inherited_from: { readonly name: string; readonly label: string; readonly id: string } | null;
  /** Per model, the channel that the person named, which has its credit. */
  readonly self_reported: readonly { readonly model: string; readonly channel: string }[];
  /** Per model, why nothing has its credit. */
  readonly not_attributed: readonly { readonly model: string; readonly reason: string }[];
}

/** An event that has landed and waits for the next run. */
export interface PendingEvent {
  readonly anonymous_id: string | null;
  readonly occurred_at: string;
  readonly type: string;
  readonly event: string | null;
  readonly page_path: string | null;
  readonly referrer: string | null;
  readonly utm_source: string | null;
  readonly utm_medium: string | null;
  readonly utm_campaign: string | null;
  /** Names of the ad click ids it came with. */
  readonly click_ids: readonly string[];
  /** A bot's: the next run leaves it out of sessions. */
  readonly is_bot: boolean;
  /** Identifiers it carries, shown like those of the signals. */
  readonly identifiers: readonly string[];
}

/** An identifier of the person, with the devices it was seen on. */
export interface Signal {
  readonly key_name: string;
  /** Of a hash the first eight digits. */
  readonly shown_value: string;
  /** Whether it joins devices of this person: used on at least two. */
  readonly joins: boolean;
  readonly seen: readonly SignalEvidence[];
}

export interface SignalEvidence {
  readonly anonymous_id: string;
  readonly tier: string | null;
  readonly origin: string;
  /** ISO in UTC. */
  readonly first_seen: string;
  /** `pending`: it has landed, and the next run decides. */
  readonly verdict: 'used' | 'refused' | 'pending';
  readonly reason: string | null;
}

export interface Journey {
  /** What was asked for, in words. */
  readonly selector: string;
  /** Persons of the publication; none for somebody new, several where what has landed joins them. */
  readonly person_ids: readonly string[];
  /** By first seen. */
  readonly devices: readonly Device[];
  readonly signals: readonly Signal[];
  /** Both by time. */
  readonly sessions: readonly JourneySession[];
  readonly conversions: readonly JourneyConversion[];
  readonly pending: readonly PendingEvent[];
  readonly publication: { readonly publication_id: string; readonly published_at: string } | null;
}
