/** What happened at Fernhill, as an all-knowing observer would write it down: from it come events, CRM, costs and truth. */

/** The channels of GA4's default channel group that occur at Fernhill, spelled as reports print them. */
export type Channel =
  | 'Paid Search'
  | 'Paid Social'
  | 'Organic Search'
  | 'Organic Social'
  | 'AI Assistant'
  | 'Email'
  | 'Referral'
  | 'Display'
  | 'Direct';

export interface Campaign {
  readonly source: string;
  readonly medium: string;
  readonly name: string;
  readonly term?: string;
  readonly content?: string;
  readonly id?: string;
}

export interface ClickId {
  readonly name: string;
  readonly value: string;
}

/** How a visit came about. */
export interface Arrival {
  readonly channel: Channel;
  /** Path of the page the visitor lands on. */
  readonly landing: string;
  /** Address the browser reports; empty for none. */
  readonly referrer: string;
  readonly campaign?: Campaign;
  readonly clickId?: ClickId;
  /** The address to whose owner the clicked newsletter was sent: its hash stands in the link. */
  readonly linkEmail?: string;
  /** The paid placement behind the click, which the ad platform bills. */
  readonly placement?: string;
}

export interface Hit {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly kind: 'page' | 'track' | 'identify';
  readonly path: string;
  /** Name of a track event. */
  readonly event?: string;
  readonly form?: string;
  /** Address submitted or identified with this hit, of which the tracker sends the hash. */
  readonly email?: string;
  readonly userId?: string;
  /** Referrer the browser reports for the page of the hit. */
  readonly referrer: string;
  /** Present on the hit with which the visitor arrived. */
  readonly arrival?: Arrival;
}

export interface Visit {
  readonly arrival: Arrival;
  readonly hits: readonly Hit[];
}

export interface Place {
  readonly country: string;
  readonly region: string;
  readonly city: string;
}

/** One browser: one cookie. */
export interface Device {
  readonly anonymousId: string;
  readonly userAgent: string;
  readonly bot: boolean;
  readonly ip: string;
  readonly place: Place;
  /** In order of time. */
  readonly visits: Visit[];
}

/** Somebody, or the passers-by nobody will ever know more of; the devices are really theirs, observable or not. */
export interface Person {
  readonly name: string;
  readonly company: string;
  readonly email: string;
  readonly devices: Device[];
}

/** One row of the CRM's leads; times are epoch milliseconds in whole seconds. */
export interface Lead {
  readonly leadId: string;
  readonly createdAt: number;
  readonly email: string;
  /** The cookie of the browser that sent the form; undefined where sales typed the lead in. */
  readonly device: Device | undefined;
  readonly form: string;
  readonly mqlAt: number | undefined;
  readonly handRaisedAt: number | undefined;
}

export interface DealStage {
  readonly stage: string;
  readonly enteredAt: number;
}

export interface Deal {
  readonly dealId: string;
  readonly lead: Lead;
  readonly name: string;
  readonly createdAt: number;
  readonly stages: readonly DealStage[];
  /** Berlin date on which it was won or lost. */
  readonly closedOn: string | undefined;
  /** In cents of EUR. */
  readonly amountCents: number;
}

/** One row of an ad platform's cost export. */
export interface Cost {
  readonly placement: string;
  readonly date: string;
  readonly costCents: number;
  readonly impressions: number;
  readonly clicks: number;
}

export interface World {
  readonly seed: number;
  readonly people: readonly Person[];
  /** All browsers, bots included. */
  readonly devices: readonly Device[];
  readonly leads: readonly Lead[];
  readonly deals: readonly Deal[];
  readonly costs: readonly Cost[];
}
