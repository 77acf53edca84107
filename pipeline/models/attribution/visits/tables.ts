import { required } from '../../../warehouse/columns.ts';
import type { TableDefinition } from '../../../warehouse/warehouse.ts';
import { TEXT_FEATURES, VISIT_FEATURES } from './features.ts';

const MONTH = required('month', 'DATE', 'First day of the month of the version, as in model_versions.');
const FEATURE = required('feature', 'STRING', 'The feature; "(intercept)" is of every visit.');
const VALUE = required('value', 'STRING', 'Its value: a text, or the number of a bin.');
const COEFFICIENT = required('coefficient', 'INT64', 'What the value adds to the logarithm of the odds, in parts of 1e9.');

export const VISIT_COEFFICIENTS: TableDefinition = {
  name: 'visit_coefficients',
  description: 'What versions of visit scoring are made of: a visit has the sum of the coefficients of its values.',
  columns: [
    required('model', 'STRING', 'Name of the attribution model.'),
    required('conversion_name', 'STRING', 'Name of the conversion.'),
    MONTH,
    FEATURE,
    VALUE,
    COEFFICIENT,
  ],
  key: ['model', 'conversion_name', 'month', 'feature', 'value'],
};

/** A name of a table is one of the features; so are its columns. */
const features = VISIT_FEATURES.map(({ name, says }) => required(name, TEXT_FEATURES.includes(name) ? 'STRING' : 'INT64', `${says}.`));

export const STAGED_VISIT_VECTORS: TableDefinition = {
  name: 'staged_visit_vectors',
  description: 'The visits that a version of visit scoring learns from or is judged by, those of equal features counted together.',
  columns: [
    MONTH,
    required('is_held_out', 'BOOL', 'Whether they are of persons that it is judged by; else it learns from them.'),
    required('vector', 'INT64', 'Number of the row.'),
    ...features,
    required('visits', 'INT64', 'How many visits have these features.'),
    required('converted', 'INT64', 'How many of them are on the path of a conversion.'),
    required('paths', 'INT64', 'How many of them are the first of their path.'),
    required('converted_paths', 'INT64', 'How many of these are of a conversion.'),
    required('converted_persons', 'INT64', 'How many are the first of all on the paths of a person who converted.'),
  ],
  key: [],
};

export const STAGED_VISIT_VALUES: TableDefinition = {
  name: 'staged_visit_values',
  description: 'The same, one row per feature.',
  columns: [
    MONTH,
    required('is_held_out', 'BOOL', 'As in staged_visit_vectors.'),
    required('vector', 'INT64', 'The row there.'),
    FEATURE,
    VALUE,
    required('term', 'INT64', 'Number of feature and value.'),
  ],
  key: [],
};

export const STAGED_VISIT_TERMS: TableDefinition = {
  name: 'staged_visit_terms',
  description: 'The coefficients while they are learned.',
  columns: [MONTH, required('term', 'INT64', 'As in staged_visit_values.'), COEFFICIENT],
  key: [],
};

const TREES = required('trees', 'STRING', 'Name of the boosted trees in the dataset.');

export const VISIT_TREES: TableDefinition = {
  name: 'visit_trees',
  description: 'Boosted trees of visit scoring that are in the dataset: noted before they are grown, so that none is forgotten there.',
  columns: [
    TREES,
    required('model', 'STRING', 'Name of the attribution model.'),
    required('conversion_name', 'STRING', 'Name of the conversion.'),
    MONTH,
    required('grown_at', 'TIMESTAMP', 'The run that grew them.'),
  ],
  key: ['trees'],
};

export const VISIT_CHANCES: TableDefinition = {
  name: 'visit_chances',
  description: 'What boosted trees say of visits of these features; asked once, and replayed ever after.',
  columns: [TREES, ...features, required('chance', 'INT64', 'The chance after such a visit in parts of 1e9: above 0 and below 1.')],
  key: ['trees', ...features.map(({ name }) => name)],
  clusterBy: ['trees'],
};

export const STAGED_VISIT_TRAINING: TableDefinition = {
  name: 'staged_visit_training',
  description: 'The visits that trees are grown from, those of equal features and outcome counted together.',
  columns: [
    ...features,
    required('is_converted', 'INT64', 'Whether they are on the path of a conversion: 1 or 0.'),
    required('visits', 'INT64', 'How many there are.'),
  ],
  key: [],
};

export const STAGED_VISIT_UNSCORED: TableDefinition = {
  name: 'staged_visit_unscored',
  description: 'Features of visits that are to be credited, and that the trees have not been asked for yet.',
  columns: [TREES, ...features],
  key: [],
};

/** What is needed only while versions are fitted. */
export const STAGED_VISIT_TABLES: readonly TableDefinition[] = [
  STAGED_VISIT_VECTORS,
  STAGED_VISIT_VALUES,
  STAGED_VISIT_TERMS,
  STAGED_VISIT_TRAINING,
];

/** All tables of visit scoring. */
export const VISIT_TABLES: readonly TableDefinition[] = [
  VISIT_COEFFICIENTS,
  VISIT_TREES,
  VISIT_CHANCES,
  ...STAGED_VISIT_TABLES,
  STAGED_VISIT_UNSCORED,
];
