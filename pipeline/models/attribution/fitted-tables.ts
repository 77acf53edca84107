import { nullable, required } from '../../warehouse/columns.ts';
import type { TableDefinition } from '../../warehouse/warehouse.ts';

const VERSION = [
  required('model', 'STRING', 'Name of the attribution model.'),
  required('conversion_name', 'STRING', 'Name of the conversion.'),
  required('month', 'DATE', 'First day of the month whose end the training window ends with.'),
];

export const MODEL_VERSIONS: TableDefinition = {
  name: 'model_versions',
  description: 'Versions of fitted models: fitted once, 7 days after the end of their month, and replayed ever after.',
  columns: [
    ...VERSION,
    required('fitted_at', 'TIMESTAMP', 'The run that fitted it.'),
    required(
      'definition_hash',
      'STRING',
      'SHA-256 of the options of the model, the look-back and the channel rules: by others all months are fitted anew.',
    ),
    required('trained_from', 'TIMESTAMP', 'Begin of the training window.'),
    required('trained_to', 'TIMESTAMP', 'End of the training window, which it does not include.'),
    required('status', 'STRING', 'fitted, or too_little_data: then the last significant click is credited.'),
    nullable('notice', 'STRING', 'What a reader must know of it, in words.'),
    required('conversions', 'INT64', 'Conversions in the training window that have a path.'),
    required('paths', 'INT64', 'Paths in the training window, those without a conversion included.'),
    required('version_hash', 'STRING', 'SHA-256 of what credits are made by; none where the last significant click is credited.'),
    required('parameters', 'JSON', 'What was learned, as the model writes it: numbers rounded to 1e-9.'),
    required(
      'quality',
      'JSON',
      'How well it fits: of visit scoring AUC, log loss and calibration on held-out persons; of sampled effects their error.',
    ),
  ],
  key: ['model', 'conversion_name', 'month'],
};

export const CHANNEL_EFFECTS: TableDefinition = {
  name: 'channel_effects',
  description: 'What a fitted version of a model says of each channel.',
  columns: [
    ...VERSION,
    required('channel', 'STRING', 'The channel.'),
    required(
      'effect',
      'INT64',
      'Its effect in parts of 1e9: the removal effect of a Markov model, the Shapley value of the conversion rate.',
    ),
    required('share', 'INT64', 'The effect as a share of all of them, in parts of 1e9; of negative effects 0.'),
    nullable('error', 'INT64', 'Standard error of the effect in parts of 1e9, where it was sampled.'),
  ],
  key: ['model', 'conversion_name', 'month', 'channel'],
};

export const APPLIED_VERSIONS: TableDefinition = {
  name: 'applied_versions',
  description:
    'Which version each month is credited by: its own, or the latest one before it, which is provisional until its own is fitted. A month before the first session has no row and no version.',
  columns: [
    ...VERSION.slice(0, 2),
    required('month', 'DATE', 'First day of the month of attribution_time.'),
    nullable('version_month', 'DATE', 'Month of the version; NULL where there is none yet.'),
    required('is_provisional', 'BOOL', 'Whether another version will follow.'),
    required('version_hash', 'STRING', 'That of the version, or none: where it changes, the conversions of the month are credited anew.'),
  ],
  key: ['model', 'conversion_name', 'month'],
};

/** All tables of fitted models. */
export const FITTED_TABLES: readonly TableDefinition[] = [MODEL_VERSIONS, CHANNEL_EFFECTS, APPLIED_VERSIONS];
