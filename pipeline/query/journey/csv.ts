import { flatCsv } from '../export/csv.ts';
import type { BehindConversion } from './behind.ts';
import { behindTable } from './flat.ts';

/** The conversions behind a number as CSV: plain numbers, no total. */
export const behindCsv = (conversions: readonly BehindConversion[]): string => flatCsv(behindTable(conversions));
