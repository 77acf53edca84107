import { ofMicroseconds } from '../mapping/time-format.ts';
import { contentId } from '../message-id.ts';
import { type Convert, type Message, shown } from '../message.ts';
import type { JsonObject } from '../records.ts';
import { campaignOf } from './campaign.ts';
import { countryCode } from './country.ts';
import { compact, numberOf, objectIn, paramsOf, type ParamValue, textOf } from './params.ts';

/** Parameters that have a place of their own in an event. */
const PLACED: ReadonlySet<string> = new Set(
  'page_location page_referrer page_title engagement_time_msec source medium campaign campaign_id term content gclid dclid gbraid wbraid'.split(
    ' ',
  ),
);

/**
 * A row of the BigQuery export of Google Analytics 4 as an event. `user_pseudo_id` is the visitor, on websites also the GA client id by
 * which later visits find it. Rows of visitors without either id, as consent mode sends them, are left out.
 * Source: https://support.google.com/analytics/answer/7029846
 */
export const ga4Event: Convert = ({ value: row }) => {
  const name = textOf(row['event_name']);
  if (name === undefined)
    return { path: 'event_name', problem: 'there is none; expected a row of the GA4 export, with event_name and event_timestamp' };
  const timestamp = timeOf(row['event_timestamp']);
  if (timestamp === undefined) {
    return {
      path: 'event_timestamp',
      problem: `${shown(row['event_timestamp'])}: expected microseconds since 1970, such as 1714979289123456`,
    };
  }
  const visitor = textOf(row['user_pseudo_id']);
  const user = textOf(row['user_id']);
  if (visitor === undefined && user === undefined) return { leftOut: 'rows without user_pseudo_id and user_id (no consent)' };
  const params = paramsOf(row['event_params']);
  const message: Message = {
    ...(name === 'page_view'
      ? { type: 'page' }
      : name === 'screen_view'
        ? { type: 'screen', ...named(params) }
        : { type: 'track', event: name }),
    messageId: idOf(row),
    ...(visitor !== undefined && { anonymousId: visitor }),
    ...(user !== undefined && { userId: user }),
    timestamp,
    ...sequence(row),
    properties: propertiesOf(row, params),
    context: contextOf(row, params, visitor),
  };
  return { message };
};

function timeOf(value: unknown): string | undefined {
  const text = typeof value === 'number' ? String(value) : typeof value === 'string' ? value.trim() : '';
  return /^\d{1,16}$/.test(text) ? ofMicroseconds(BigInt(text)) : undefined;
}

const named = (params: Readonly<Record<string, ParamValue>>): Message => {
  const name = params['firebase_screen'] ?? params['screen_name'];
  return name === undefined ? {} : { name: String(name) };
};

/** What makes a row this event. Columns that only the daily table has, or that are filled in later, do not count. */
function idOf(row: JsonObject): string {
  const scalars = [
    'stream_id',
    'user_pseudo_id',
    'user_id',
    'event_timestamp',
    'event_name',
    'event_bundle_sequence_id',
    'batch_event_index',
  ];
  // Integers are text in NDJSON and numbers in what the tables give.
  const key = scalars.map((name) => textOf(row[name]) ?? null);
  return contentId({ ga4: key, params: paramsOf(row['event_params']) });
}

/** Events of one hit have the same time; these two columns, which newer exports have, say their order. */
function sequence(row: JsonObject): Message {
  const batch = numberOf(row['batch_ordering_id']);
  const index = numberOf(row['batch_event_index']);
  if (typeof batch !== 'number' || typeof index !== 'number') return {};
  const position = batch * 1000 + index;
  return Number.isSafeInteger(position) && position >= 0 ? { sequence: position } : {};
}

function propertiesOf(row: JsonObject, params: Readonly<Record<string, ParamValue>>): Message {
  const engaged = params['engagement_time_msec'];
  const value = numberOf(row['event_value_in_usd']);
  const ecommerce = compact(row['ecommerce']);
  const items = compact(row['items']);
  return {
    ...Object.fromEntries(Object.entries(params).filter(([name]) => !PLACED.has(name))),
    ...(typeof engaged === 'number' && engaged > 0 && { engaged_seconds: engaged / 1000 }),
    ...(value !== undefined && { event_value_in_usd: value }),
    ...(ecommerce !== undefined && { ecommerce }),
    ...(items !== undefined && { items }),
  };
}

function contextOf(row: JsonObject, params: Readonly<Record<string, ParamValue>>, visitor: string | undefined): Message {
  const device = objectIn(row, 'device');
  const web = objectIn(device, 'web_info');
  const geo = objectIn(row, 'geo');
  const country = textOf(geo['country']);
  const traits = paramsOf(row['user_properties']);
  const { campaign, clickIds } = campaignOf(row, params);
  const isWeb = (textOf(row['platform']) ?? 'WEB').toUpperCase() === 'WEB';
  const context = {
    page: { url: params['page_location'], referrer: params['page_referrer'], title: params['page_title'] },
    campaign,
    clickIds,
    gaClientId: isWeb ? visitor : undefined,
    location: { country: country && (countryCode(country) ?? country), region: textOf(geo['region']), city: textOf(geo['city']) },
    locale: textOf(device['language']),
    device: {
      type: textOf(device['category']),
      manufacturer: textOf(device['mobile_brand_name']),
      model: textOf(device['mobile_model_name']),
    },
    os: { name: textOf(device['operating_system']), version: textOf(device['operating_system_version']) },
    browser: {
      name: textOf(web['browser']) ?? textOf(device['browser']),
      version: textOf(web['browser_version']) ?? textOf(device['browser_version']),
    },
    // Who did not agree to be measured is not tied to ads.
    consent: textOf(objectIn(row, 'privacy_info')['analytics_storage'])?.toLowerCase() === 'no' ? 'denied' : undefined,
    traits: Object.keys(traits).length > 0 ? traits : undefined,
    ga4: { stream_id: textOf(row['stream_id']), platform: textOf(row['platform']) },
  };
  return (compact(context) ?? {}) as Message;
}
