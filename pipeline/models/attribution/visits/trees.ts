import { createHash } from 'node:crypto';
import type { ModelOf } from '../../../config/attribution.ts';
import type { TreeOptions } from '../../../warehouse/boosted-trees.ts';
import type { Dialect } from '../../../warehouse/dialect.ts';
import { type Sql, param, raw, sql, table } from '../../../warehouse/sql.ts';
import type { Warehouse } from '../../../warehouse/warehouse.ts';
import { refill } from '../../identity/refill.ts';
import type { StepContext } from '../../step.ts';
import { MODEL_VERSIONS } from '../fitted-tables.ts';
import { PARTS, toStored } from './chance.ts';
import { VISIT_FEATURES } from './features.ts';
import { type VisitQuality, byChances, qualityOf } from './quality.ts';
import { FEATURES, featuresOf, sameFeatures, treesIn, treesOfVersion } from './scored.ts';
import { STAGED_VISIT_TRAINING, STAGED_VISIT_VECTORS, VISIT_CHANCES, VISIT_TREES } from './tables.ts';

/** Small trees, many of them, each a little: what is learned of few persons is not to be their portrait. */
export const TREE_OPTIONS: TreeOptions = { trees: 50, maximumDepth: 4, learningRate: 0.1, leastLeafWeight: 5, ridge: 1 };

/** What a version of boosted trees has learned, for readers; the trees themselves stay in the dataset. */
export interface TreeParameters {
  readonly trainer: 'boosted_trees';
  /** Their name in the dataset. */
  readonly trees: string;
  readonly options: TreeOptions;
  /** What they look at, that by which all splits together gain most first. */
  readonly importance: readonly {
    readonly feature: string;
    /** The feature in words. */
    readonly says: string;
    /** How many times visits are split by it. */
    readonly splits: number;
    /** Its share in what all splits gain: 0 to 1, to 1e-9. */
    readonly share: number;
  }[];
}

/** A month as trees have learned it. */
export interface GrownMonth {
  readonly parameters: TreeParameters;
  /** Absent without held-out visits. */
  readonly quality: VisitQuality | undefined;
}

/**
 * Grows the trees of months from the staged vectors, and asks them for the chance of all these vectors.
 *
 * Each growth has a name of its own, noted before it begins, and takes the place of no other: until the version that names it
 * is stored, the former one stands, and a run that is killed leaves trees that {@link dropUnusedTrees} finds.
 */
export async function growTrees(
  { warehouse, now }: Pick<StepContext, 'warehouse' | 'now'>,
  { name: model }: ModelOf<'visit_scoring'>,
  conversion: string,
  months: readonly string[],
): Promise<Map<string, GrownMonth>> {
  const { dialect } = warehouse;
  const boosted = treesIn(warehouse, model);
  const names = new Map(months.map((month) => [month, nameOf(model, conversion, month, now)]));
  const grown = new Map<string, TreeParameters>();
  for (const [month, trees] of names) {
    const label = `visit scoring: trees of ${model}, ${conversion}, ${month.slice(0, 7)}`;
    const noted = sql`
      select ${trees} as trees, ${model} as model, ${conversion} as conversion_name, ${param(month, 'DATE')} as month, ${param(now, 'TIMESTAMP')} as grown_at`;
    await warehouse.merge(VISIT_TREES, noted, { label });
    await refill(warehouse, STAGED_VISIT_TRAINING, trainingRows(month), 'visit scoring: training rows');
    await boosted.grow(trees, { features: FEATURES, label: 'is_converted', weight: 'visits', rows: TRAINING_ROWS }, TREE_OPTIONS, label);
    const vectors = sql`
        select distinct ${featuresOf('vectors')} from ${table(STAGED_VISIT_VECTORS.name)} as vectors where vectors.month = ${param(month, 'DATE')}`;
    await warehouse.append(VISIT_CHANCES, chanceRows(warehouse, model, trees, vectors), label);
    grown.set(month, {
      trainer: 'boosted_trees',
      trees,
      options: TREE_OPTIONS,
      importance: await importanceOf(warehouse, model, trees, label),
    });
  }
  const quality = await qualityOf(warehouse, byChances(heldOutChances(dialect, names)));
  return new Map([...grown].map(([month, parameters]) => [month, { parameters, quality: quality.get(month) }]));
}

/** Rows of visit_chances: what trees say of vectors, a query of features without repetition. */
export function chanceRows(warehouse: Warehouse, model: string, trees: string, vectors: Sql): Sql {
  return sql`
    select ${trees} as trees, ${featuresOf('told')}, ${toStored(warehouse.dialect, raw('told.chance'))} as chance
    from (${treesIn(warehouse, model).chances(trees, vectors, FEATURES, 'is_converted')}
    ) as told`;
}

/**
 * Removes trees that no version names: those of former versions, of models that are gone, and of runs that were killed. They
 * are forgotten only once they are gone, so that a run that is killed here goes on where it ended.
 */
export async function dropUnusedTrees(warehouse: Warehouse): Promise<void> {
  const { boostedTrees, dialect } = warehouse;
  if (boostedTrees === undefined) return;
  const label = 'visit scoring: trees of no version';
  const unused = await warehouse.rows<{ trees: string }>(
    sql`
      select noted.trees
      from ${table(VISIT_TREES.name)} as noted
      left join (
        select distinct ${treesOfVersion(dialect, 'stored.parameters')} as trees from ${table(MODEL_VERSIONS.name)} as stored
      ) as used on used.trees = noted.trees
      where used.trees is null
      order by noted.trees nulls first`,
    label,
  );
  for (const { trees } of unused) {
    await boostedTrees.drop(trees, label);
    const key = raw(VISIT_CHANCES.key.join(', '));
    await warehouse.delete(VISIT_CHANCES, sql`select ${key} from ${table(VISIT_CHANCES.name)} where trees = ${trees}`, { label });
    await warehouse.delete(VISIT_TREES, sql`select ${trees} as trees`, { label });
  }
}

const TRAINING_ROWS = sql`
  select ${featuresOf('training')}, training.is_converted, training.visits from ${table(STAGED_VISIT_TRAINING.name)} as training`;

/** Names are for readers of the dataset; the hash tells those apart that read alike, and growths of one month. */
function nameOf(model: string, conversion: string, month: string, now: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([model, conversion, month, now]))
    .digest('hex')
    .slice(0, 12);
  return `visit_trees_${model.slice(0, 200)}_${conversion.slice(0, 200)}_${month.slice(0, 7).replace('-', '')}_${hash}`;
}

/** What is learned from: of each vector the visits that led to a conversion, and the others. */
function trainingRows(month: string): Sql {
  const visits = (count: string, label: number): Sql => sql`
      select ${featuresOf('vectors')}, ${label} as is_converted, ${raw(count)} as visits
      from ${table(STAGED_VISIT_VECTORS.name)} as vectors
      where vectors.month = ${param(month, 'DATE')} and not vectors.is_held_out and ${raw(count)} > 0`;
  return sql`${visits('vectors.converted', 1)}
      union all${visits('vectors.visits - vectors.converted', 0)}`;
}

function heldOutChances(dialect: Dialect, names: ReadonlyMap<string, string>): Sql {
  const grown = dialect.values('grown', { month: 'DATE', trees: 'STRING' }, [...names]);
  return sql`
      select vectors.month, vectors.visits, vectors.converted, known.chance as score
      from ${table(STAGED_VISIT_VECTORS.name)} as vectors
      inner join ${grown} on grown.month = vectors.month
      inner join ${table(VISIT_CHANCES.name)} as known on known.trees = grown.trees and ${sameFeatures('known', 'vectors')}
      where vectors.is_held_out`;
}

async function importanceOf(warehouse: Warehouse, model: string, trees: string, label: string): Promise<TreeParameters['importance']> {
  const found = await treesIn(warehouse, model).importance(trees, label);
  // The gain that is told is that of one split.
  const all = found.reduce((sum, { splits, gain }) => sum + splits * gain, 0);
  return found
    .map(({ feature, splits, gain }) => ({
      feature,
      says: VISIT_FEATURES.find(({ name }) => name === feature)?.says ?? feature,
      splits,
      share: all === 0 ? 0 : Math.round(((splits * gain) / all) * PARTS) / PARTS,
    }))
    .toSorted((one, other) => other.share - one.share || (one.feature < other.feature ? -1 : 1));
}
