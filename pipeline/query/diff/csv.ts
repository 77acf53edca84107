import { flatCsv } from '../export/csv.ts';
import { figuresTable, listTable } from './flat.ts';
import type { DiffResult } from './types.ts';

/** A comparison as CSV: one row per metric and value of the dimension, with the parts of its change. */
export const figuresCsv = (result: DiffResult): string => flatCsv(figuresTable(result));
/** The listed conversions as CSV: one row per conversion and value of the dimension in either publication. */
export const listCsv = (result: DiffResult): string => flatCsv(listTable(result));
