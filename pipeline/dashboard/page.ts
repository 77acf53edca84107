import type { PublishedConfig } from '../models/reports/publication.ts';
import type { DateRange } from '../query/dates.ts';
import type { Preset } from '../query/period.ts';
import { figureFormat, timeFormat } from '../query/format.ts';
import type { Publication } from '../query/publication.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';
import type { Html } from './html.ts';
import type { ViewState } from './state.ts';

/** What a page is made from: one publication, and what the address asks of it. */
export interface PageContext {
  readonly warehouse: Warehouse;
  readonly publication: Publication;
  readonly config: PublishedConfig;
  readonly path: string;
  readonly params: URLSearchParams;
  readonly state: ViewState;
  /** The days there are facts of; undefined where nothing is published. */
  readonly published: DateRange | undefined;
  readonly now: Date;
  readonly dataFolder: string;
  /** Figures in the project's currency. */
  readonly figure: ReturnType<typeof figureFormat>;
  /** Instants in the project's time zone. */
  readonly time: ReturnType<typeof timeFormat>;
  /** What a conversion or a model is called. */
  readonly conversionLabel: (name: string) => string;
  readonly modelLabel: (name: string) => string;
}

export interface PageContent {
  readonly title: string;
  readonly body: Html;
  /** Of the answer: 404 where somebody was looked for and is not there. */
  readonly status?: 200 | 404;
  /** The table of the page for `format=csv`: exactly what it shows, all rows of it. */
  readonly csv?: () => string;
}

/** One page of the dashboard. */
export interface Page {
  readonly path: string;
  /** In the navigation. */
  readonly label: string;
  /** The period where the address names none; the usual one of the dashboard where it is left out. */
  readonly period?: Preset;
  readonly render: (context: PageContext) => Promise<PageContent>;
  /**
   * The address that a form of the page leads to which is sent with POST, for what must not stand in an address.
   * @throws UserError (exit code 2) for what cannot be asked.
   */
  readonly sent?: (form: ReadonlyMap<string, string>, params: URLSearchParams) => string;
}
