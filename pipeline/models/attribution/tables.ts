import type { TableDefinition } from '../../warehouse/warehouse.ts';
import { nullable, required } from '../../warehouse/columns.ts';

/** Credits are integers: parts of a thousand million, so that they add up exactly. */
export const FULL_CREDIT = 1_000_000_000;

export const ATTRIBUTION: TableDefinition = {
  name: 'attribution',
  description: 'Credits: conversion × model × session. Per conversion and model they sum to exactly 1e9 parts.',
  columns: [
    required('conversion_name', 'STRING', 'Name of the conversion.'),
    required('conversion_id', 'STRING', 'Id of the conversion.'),
    required('model', 'STRING', 'Attribution model.'),
    required('session_id', 'STRING', 'Credited session; empty where the conversion is not attributed.'),
    required('credit', 'INT64', 'Parts of 1e9.'),
    nullable('value_micros', 'INT64', "The credit's share of the conversion's value."),
    required('click_time', 'TIMESTAMP', 'Start of the credited session; attribution_time where not attributed.'),
    nullable(
      'reason',
      'STRING',
      'Why it is not attributed: before_tracking, no_identifier, unknown_identifier, no_session_in_window, no_consent.',
    ),
  ],
  key: ['conversion_name', 'conversion_id', 'model', 'session_id'],
  clusterBy: ['conversion_name', 'model'],
};
