/** The channels of the default group, in the order of their rules; the last one takes what no rule claims. */
export const DEFAULT_CHANNELS = [
  'Direct',
  'Cross-network',
  'AI Assistant',
  'Paid Shopping',
  'Paid Search',
  'Paid Social',
  'Paid Video',
  'Display',
  'Paid Other',
  'Organic Shopping',
  'Organic Social',
  'Organic Video',
  'Organic Search',
  'Referral',
  'Email',
  'Affiliates',
  'Audio',
  'SMS',
  'Mobile Push Notifications',
  'Unassigned',
] as const;
/** A channel of the default group. */
export type DefaultChannel = (typeof DEFAULT_CHANNELS)[number];
