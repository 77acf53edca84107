import type { EventConversion, PurchaseConversion } from '../../../config/conversions.ts';
import { jsonPath } from '../../dimensions/json-path.ts';

/** A conversion made of events. */
export type SimpleConversion = PurchaseConversion | EventConversion;

/** What the events of a conversion are, and where in them its columns stand. Paths are those of properties as JSON. */
export interface EventSource {
  /** Names of the events, as they are sent with `track`. */
  readonly events: readonly string[];
  /** The first of them that has a text or a number is the id; none: the message id is. */
  readonly idPaths: readonly string[];
  /** The first of them that is a number is the value. */
  readonly valuePaths: readonly string[];
  /** The value of each, in the project's currency. */
  readonly amount: number | undefined;
}

const paths = (...properties: readonly string[]) => properties.map((property) => jsonPath(property));

/** Where purchases and refunds have the id of the order, and their value. */
const ORDER_ID = paths('order_id', 'orderId', 'transaction_id');
const ORDER_VALUE = paths('value', 'total', 'revenue');

export const REFUNDS: EventSource = { events: ['Order Refunded', 'refund'], idPaths: ORDER_ID, valuePaths: ORDER_VALUE, amount: undefined };

/** @throws UserError for the name of a property that the engines cannot read. */
export function eventSource(conversion: SimpleConversion): EventSource {
  if (conversion.kind === 'purchase')
    return { events: ['Order Completed', 'purchase'], idPaths: ORDER_ID, valuePaths: ORDER_VALUE, amount: undefined };
  const { event, id, value } = conversion;
  const isProperty = value !== 'none' && 'property' in value;
  return {
    events: [event],
    idPaths: id === undefined ? [] : paths(id),
    valuePaths: isProperty ? paths(value.property) : [],
    amount: value !== 'none' && 'amount' in value ? value.amount : undefined,
  };
}

/** The refunds that a conversion takes off; undefined where it knows none. */
export const refundDays = (conversion: SimpleConversion): number | undefined =>
  conversion.kind === 'purchase' ? conversion.adjustmentDays : undefined;
