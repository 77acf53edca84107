/**
 * Features of GoogleSQL that BigQuery does not have, has only of late, or has behind a switch: with them on, the analyzer
 * would take statements that BigQuery refuses. Everything else of the maximum is on, what restricts the language
 * (DISALLOW_…, DISABLE_…) included.
 */
const NOT_IN_BIGQUERY: readonly string[] = [
  // Arrays: compared, sorted by, cast into each other, read by a bare index, flattened, summed and searched by functions.
  'FEATURE_V_1_1_ARRAY_EQUALITY',
  'FEATURE_V_1_1_CAST_DIFFERENT_ARRAY_TYPES',
  'FEATURE_V_1_2_GROUP_BY_ARRAY',
  'FEATURE_V_1_2_GROUP_BY_STRUCT',
  'FEATURE_V_1_2_ARRAY_ELEMENTS_WITH_SET',
  'FEATURE_V_1_3_ARRAY_GREATEST_LEAST',
  'FEATURE_V_1_3_ARRAY_ORDERING',
  'FEATURE_V_1_3_UNNEST_AND_FLATTEN_ARRAYS',
  'FEATURE_V_1_4_ARRAY_AGGREGATION_FUNCTIONS',
  'FEATURE_V_1_4_ARRAY_FIND_FUNCTIONS',
  'FEATURE_V_1_4_BARE_ARRAY_ACCESS',
  'FEATURE_V_1_4_FIRST_AND_LAST_N',
  'FEATURE_V_1_4_SINGLE_TABLE_NAME_ARRAY_PATH',
  // Expressions and functions.
  'FEATURE_V_1_3_CONCAT_MIXED_TYPES',
  'FEATURE_V_1_3_INLINE_LAMBDA_ARGUMENT',
  'FEATURE_V_1_3_KLL_WEIGHTS',
  'FEATURE_V_1_3_TYPEOF_FUNCTION',
  'FEATURE_V_1_3_WITH_GROUP_ROWS',
  'FEATURE_V_1_4_NULLIFZERO_ZEROIFNULL',
  'FEATURE_V_1_4_PI_FUNCTIONS',
  'FEATURE_V_1_4_SAFE_FUNCTION_CALL_WITH_LAMBDA_ARGS',
  'FEATURE_V_1_4_STRUCT_POSITIONAL_ACCESSOR',
  'FEATURE_V_1_4_WITH_EXPRESSION',
  // Statements and set operations.
  'FEATURE_V_1_3_ALLOW_SLASH_PATHS',
  'FEATURE_V_1_3_OMIT_INSERT_COLUMN_LIST',
  'FEATURE_V_1_4_CORRESPONDING',
  // Other types, and privacy with noise.
  'FEATURE_TIMESTAMP_NANOS',
  'FEATURE_EXTENDED_TYPES',
  'FEATURE_ENCRYPTION',
  'FEATURE_V_1_2_PROTO_EXTENSIONS_WITH_NEW',
  'FEATURE_V_1_2_PROTO_EXTENSIONS_WITH_SET',
  'FEATURE_V_1_3_BRACED_PROTO_CONSTRUCTORS',
  'FEATURE_V_1_3_ENUM_VALUE_DESCRIPTOR_PROTO',
  'FEATURE_V_1_3_EXTRACT_FROM_PROTO',
  'FEATURE_V_1_3_FILTER_FIELDS',
  'FEATURE_V_1_3_PROTO_DEFAULT_IF_NULL',
  'FEATURE_V_1_3_PROTO_MAPS',
  'FEATURE_V_1_3_REPLACE_FIELDS',
];

/** GoogleSQL's LanguageOptionsProto, as far as it is changed here. */
interface LanguageOptions {
  readonly enabled_language_features: readonly string[];
}

/** The language as BigQuery speaks it, from all that the analyzer knows. @throws Error for a feature that it does not know. */
export function bigQueryLanguage(maximum: LanguageOptions): object {
  const unknown = NOT_IN_BIGQUERY.filter((feature) => !maximum.enabled_language_features.includes(feature));
  if (unknown.length > 0) throw new Error(`the analyzer has no such features to switch off: ${unknown.join(', ')}`);
  return {
    ...maximum,
    enabled_language_features: maximum.enabled_language_features.filter((feature) => !NOT_IN_BIGQUERY.includes(feature)),
    product_mode: 'PRODUCT_EXTERNAL',
    supported_statement_kinds: [],
  };
}
