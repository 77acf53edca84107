export { toCsv } from '../../query/export/csv.ts';
