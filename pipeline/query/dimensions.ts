import { nearest } from '../config/suggest.ts';
import { columnsOfCustomDimension } from '../models/dimensions/custom.ts';
import type { PublishedConfig } from '../models/reports/publication.ts';

interface Dimension {
  readonly label: string;
  /** Whether costs carry it. By a dimension they do not carry, cost stands in the totals only. */
  readonly ofCosts: boolean;
}

/** What a report can be broken down by and filtered on. `date` is the day of the time basis. */
export const DIMENSIONS = {
  date: { label: 'Date', ofCosts: true },
  channel: { label: 'Channel', ofCosts: true },
  source: { label: 'Source', ofCosts: true },
  medium: { label: 'Medium', ofCosts: true },
  source_medium: { label: 'Source / medium', ofCosts: true },
  campaign: { label: 'Campaign', ofCosts: true },
  ad_platform: { label: 'Ad platform', ofCosts: true },
  account: { label: 'Ad account', ofCosts: true },
  ad_group: { label: 'Ad group', ofCosts: true },
  ad: { label: 'Ad', ofCosts: true },
  term: { label: 'Term', ofCosts: false },
  content: { label: 'Content', ofCosts: false },
  landing_path: { label: 'Landing page', ofCosts: false },
  country: { label: 'Country', ofCosts: false },
  region: { label: 'Region', ofCosts: false },
  city: { label: 'City', ofCosts: false },
  device_type: { label: 'Device', ofCosts: false },
  browser: { label: 'Browser', ofCosts: false },
  os: { label: 'Operating system', ofCosts: false },
  new_returning: { label: 'New / returning', ofCosts: false },
} as const satisfies Readonly<Record<string, Dimension>>;

export type BuiltInDimension = keyof typeof DIMENSIONS;
export const DIMENSION_NAMES = Object.keys(DIMENSIONS) as BuiltInDimension[];

const PARAM = 'param.';
const CUSTOM = 'custom.';
/** Begins the name of a dimension by a custom parameter of the conversions: `param.plan`. Only conversions carry it. */
type ParamDimension = `${typeof PARAM}${string}`;
/** Begins the name of a dimension of the config, by its rules: `custom.brand`. */
type CustomDimension = `${typeof CUSTOM}${string}`;
export type DimensionName = BuiltInDimension | ParamDimension | CustomDimension;

export const isParam = (name: string): name is ParamDimension => name.startsWith(PARAM) && name.length > PARAM.length;
export const isCustom = (name: string): name is CustomDimension => name.startsWith(CUSTOM) && name.length > CUSTOM.length;
/** The dimension by a parameter of that name. */
export const paramDimension = (key: string): ParamDimension => `${PARAM}${key}`;
/** The dimension of the config of that name. */
export const customDimensionName = (key: string): CustomDimension => `${CUSTOM}${key}`;
/** The name of a parameter, or of a dimension of the config, without what begins it. */
export const ownName = (name: ParamDimension | CustomDimension): string => name.slice(name.indexOf('.') + 1);
export const isDimension = (name: string): name is DimensionName => Object.hasOwn(DIMENSIONS, name) || isParam(name) || isCustom(name);

/** What is known of the dimensions of a config. */
type Custom = Pick<PublishedConfig, 'dimensions'>;

export function dimensionLabel(name: DimensionName, { dimensions }: Custom): string {
  if (isParam(name)) return ownName(name);
  return isCustom(name) ? (dimensions[ownName(name)]?.label ?? ownName(name)) : DIMENSIONS[name].label;
}

/** What a rule may ask about of costs. */
const COLUMNS_OF_COSTS = ['channel', 'source', 'medium', 'campaign', 'ad_platform'];

/** Whether costs carry a dimension; one of the config, where all its rules ask only about what costs have. */
export function isOfCosts(name: DimensionName, config: Custom): boolean {
  if (isParam(name)) return false;
  if (!isCustom(name)) return DIMENSIONS[name].ofCosts;
  return columnsOfCustomDimension(config, ownName(name)).every((column) => COLUMNS_OF_COSTS.includes(column));
}

/** What to tell someone who wrote a dimension that is none. */
export function unknownDimension(given: unknown): string {
  const near = typeof given === 'string' ? nearest(given, DIMENSION_NAMES) : undefined;
  const known = DIMENSION_NAMES.map((name) => `"${name}"`).join(', ');
  return `${JSON.stringify(given)}: expected one of ${known}, "${PARAM}NAME" or "${CUSTOM}NAME"${near ? `; did you mean "${near}"?` : ''}`;
}

/** The column that a dimension of a report has in its SQL: the name of a parameter may be anything. */
export function dimensionColumn(name: DimensionName, dimensions: readonly DimensionName[]): string {
  if (isParam(name)) return `param_${dimensions.indexOf(name)}`;
  return isCustom(name) ? `custom_${dimensions.indexOf(name)}` : name;
}

export type DateInterval = 'day' | 'week' | 'month';
