import { expect, test } from 'vitest';
import { conditionOf, conditionText, filterText } from './condition-text.ts';

test.each(['channel=Paid Search', 'channel=Email|Direct', 'campaign~brand', 'campaign=', 'campaign=*', 'cost>=100', 'date<2026-02-01'])(
  '%s is written as it was read',
  (text) => expect(conditionText(conditionOf(text))).toBe(text),
);

test('a filter says how its conditions are joined', () => {
  const [email, brand, won] = ['channel=Email', 'campaign~brand', 'is_qualified=true'].map((text) => conditionOf(text));
  expect(filterText({ and: [email!] })).toBe('channel=Email');
  expect(filterText({ and: [won!, { or: [email!, brand!] }] })).toBe('is_qualified=true and (channel=Email or campaign~brand)');
});
