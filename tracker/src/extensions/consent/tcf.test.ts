import { expect, it } from 'vitest';
import { readTcData, type TcData } from './tcf.ts';

const UNDECIDED = 1;

/** Purposes with a basis; a platform lists the others as false. */
const list = (...numbers: number[]) => Object.fromEntries(Array.from({ length: 11 }, (_, i) => [i + 1, numbers.includes(i + 1)]));
const bases = (consents: number[], legitimateInterests: number[] = []) => ({
  consents: list(...consents),
  legitimateInterests: list(...legitimateInterests),
});
const chosen = (purpose: TcData['purpose'], publisher?: TcData['publisher']): TcData => ({
  gdprApplies: true,
  eventStatus: 'useractioncomplete',
  purpose: purpose!,
  ...(publisher && { publisher }),
});

const TABLE: readonly [situation: string, data: TcData, standing: number][] = [
  ['all accepted', chosen(bases([1, 2, 3, 4, 7, 8, 9, 10])), 3],
  ['all refused', chosen(bases([])), 0],
  ['storage refused, all else accepted', chosen(bases([7, 8], [7, 8])), 0],
  ['storage accepted, all measuring refused and objected to', chosen(bases([1, 2, 9, 10])), 0],
  ['storage and content measurement accepted, advertising not', chosen(bases([1, 8])), 2],
  ['storage and advertising measurement accepted', chosen(bases([1, 7])), 3],
  ['storage accepted, content measurement by legitimate interest', chosen(bases([1], [8])), 2],
  ['storage accepted, advertising measurement by legitimate interest: not a consent to advertising', chosen(bases([1], [7])), 2],
  ['storage by legitimate interest, which the framework does not know', chosen(bases([8], [1, 8])), 0],
  ['the choice of an earlier page', { ...chosen(bases([1, 7, 8])), eventStatus: 'tcloaded' }, 3],
  ['the refusal of an earlier page', { ...chosen(bases([])), eventStatus: 'tcloaded' }, 0],
  [
    'the dialog is open, with all legitimate interests set',
    { ...chosen(bases([], [2, 7, 8, 9, 10])), eventStatus: 'cmpuishown' },
    UNDECIDED,
  ],
  ['the platform is loading', { gdprApplies: true }, UNDECIDED],
  ['it is not known whether the GDPR applies', {}, UNDECIDED],
  ['the GDPR does not apply', { gdprApplies: false }, 2],
  ["the site's own list is in use and allows what vendors may not", chosen(bases([]), bases([1, 7, 8])), 3],
  ["the site's own list is in use and allows less than vendors may", chosen(bases([1, 7, 8]), bases([1])), 0],
  ["the site's own list is not in use", chosen(bases([1, 7, 8]), bases([])), 3],
  ["there is no list of the site's own", chosen(bases([1, 7, 8]), { consents: {}, legitimateInterests: {} }), 3],
  ['purpose 1 was replaced by the rule of the country', chosen(bases([7, 8])), 0],
];

it.each(TABLE)('TCF: %s', (_, data, standing) => {
  expect(readTcData(data, UNDECIDED)).toBe(standing);
});

it('TCF: to open the dialog again changes nothing before the new choice', () => {
  expect(readTcData({ ...chosen(bases([], [7, 8])), eventStatus: 'cmpuishown' }, 3)).toBe(3);
  expect(readTcData({ ...chosen(bases([1, 7])), eventStatus: 'cmpuishown' }, 0)).toBe(0);
});
