import { UserError } from '../../config/user-error.ts';
import type { BoostedTrees, TreeImportance, TreeOptions, TreeRows } from '../boosted-trees.ts';
import { type Sql, join, raw, sql, table } from '../sql.ts';
import { WarehouseError } from '../warehouse-error.ts';
import type { BigQuerySettings } from './api.ts';
import { reasonOf } from './retry.ts';
import { identifier, literal } from './syntax.ts';

/** What is needed of the warehouse. */
export interface TreeStatements {
  readonly run: (statement: Sql, label: string) => Promise<unknown>;
  readonly rows: <Result>(query: Sql, label: string) => Promise<Result[]>;
}

/**
 * BigQuery ML's boosted trees: XGBoost inside of BigQuery. A model lies in the dataset, beside the tables, and shares their
 * names. Source: cloud.google.com/bigquery/docs/reference/standard-sql/bigqueryml-syntax-create-boosted-tree.
 */
export class BigQueryTrees implements BoostedTrees {
  readonly isPlanned: boolean;
  readonly #settings: Pick<BigQuerySettings, 'project' | 'dataset' | 'location'>;
  readonly #statements: TreeStatements;

  constructor(settings: Pick<BigQuerySettings, 'project' | 'dataset' | 'location'>, statements: TreeStatements, isPlanned: boolean) {
    this.#settings = settings;
    this.#statements = statements;
    this.isPlanned = isPlanned;
  }

  async grow(name: string, rows: TreeRows, options: TreeOptions, label: string): Promise<void> {
    await this.#explained(label, () => this.#statements.run(createModel(name, rows, options), label));
  }

  chances(name: string, rows: Sql, columns: readonly string[], label: string): Sql {
    const probabilities = identifier(`predicted_${label}_probs`);
    return sql`
      select
        ${raw(columns.map((column) => `predicted.${identifier(column)}`).join(', '))},
        (select one.prob from unnest(predicted.${raw(probabilities)}) as one where one.label = 1) as chance
      from ml.predict(model ${table(name)}, (${rows}
      )) as predicted`;
  }

  async importance(name: string, label: string): Promise<TreeImportance[]> {
    const query = sql`
      select
        importance.feature, importance.importance_weight as splits, importance.importance_gain as gain, importance.importance_cover as cover
      from ml.feature_importance(model ${table(name)}) as importance
      order by importance.feature nulls first`;
    return this.#explained(label, () => this.#statements.rows<TreeImportance>(query, label));
  }

  async drop(name: string, label: string): Promise<void> {
    await this.#explained(label, () => this.#statements.run(sql`drop model if exists ${table(name)}`, label));
  }

  async #explained<Result>(label: string, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof WarehouseError)) throw error;
      const remedy = remedyOf(error, this.#settings);
      if (remedy === undefined) throw error;
      throw new UserError(`${label}: ${error.words}\n${remedy}; or learn by "logistic_regression" (attribution.models, learner)`, {
        cause: error,
      });
    }
  }
}

/** Names are texts of this code; the training rows have no parameters, which the reference of CREATE MODEL does not speak of. */
function createModel(name: string, { features, label, weight, rows }: TreeRows, options: TreeOptions): Sql {
  const said: readonly [string, string][] = [
    ['model_type', literal('BOOSTED_TREE_CLASSIFIER')],
    ['input_label_cols', `[${literal(label)}]`],
    ['instance_weight_col', literal(weight)],
    // Persons are held out by who asks for the trees; nothing is drawn by chance, and nothing stops at a chance reading.
    ['data_split_method', literal('NO_SPLIT')],
    ['early_stop', 'false'],
    ['booster_type', literal('GBTREE')],
    ['tree_method', literal('HIST')],
    ['subsample', '1.0'],
    ['category_encoding_method', literal('ONE_HOT_ENCODING')],
    ['max_iterations', String(options.trees)],
    ['max_tree_depth', String(options.maximumDepth)],
    ['learn_rate', String(options.learningRate)],
    ['min_tree_child_weight', String(options.leastLeafWeight)],
    ['l2_reg', String(options.ridge)],
    ['xgboost_version', literal('1.1')],
  ];
  const columns = [...features, label, weight].map((column) => `given.${identifier(column)}`).join(', ');
  return join(
    [
      sql`create or replace model ${table(name)}`,
      raw(`options (\n${said.map(([option, value]) => `  ${option} = ${value}`).join(',\n')}\n)`),
      sql`as\nselect ${raw(columns)}\nfrom (${rows}\n) as given`,
    ],
    '\n',
  );
}

/** What to do about an error of BigQuery ML; undefined for one that is not known. */
function remedyOf(
  { words, cause }: WarehouseError,
  { project, dataset, location }: Pick<BigQuerySettings, 'project' | 'dataset' | 'location'>,
) {
  const reason = reasonOf(cause);
  if (reason === 'accessDenied' || /permission|access denied/i.test(words)) {
    return (
      `the credentials need bigquery.models.create, getData, updateData and delete on the dataset ${project}.${dataset}: ` +
      'give them the role BigQuery Data Editor there'
    );
  }
  if (reason === 'quotaExceeded' || /quota|exceeded rate limits/i.test(words)) {
    return 'run again once the quota allows it, or have it raised (cloud.google.com/bigquery/quotas)';
  }
  if (/\b(region|location)\b/i.test(words)) {
    return `BigQuery ML does not grow boosted trees everywhere, and the dataset lies in ${location}: cloud.google.com/bigquery/docs/locations says where it does`;
  }
  return undefined;
}
