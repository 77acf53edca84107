import { expect, test } from 'vitest';
import { findEmailColumn } from './email-column.ts';

test.each<readonly [readonly string[], number]>([
  [['Name', 'email'], 1],
  [['E-Mail', 'Name'], 0],
  [['Name', 'E-Mail-Adresse'], 1],
  [['FIRST NAME', 'Email Address'], 1],
  [['Adresse e-mail'], 0],
  // HubSpot's export.
  [['Record ID', 'Email', 'Email Domain', 'Invalid email address'], 1],
  [['id', 'customer_email'], 1],
])('among %j', (columns, place) => {
  expect(findEmailColumn(columns, undefined, 'c.csv')).toBe(place);
});

test.each<readonly [readonly string[], RegExp]>([
  [['Name', 'Phone'], /^c\.csv: no column looks like e-mail addresses\. Say which with --column; the columns are "Name", "Phone"$/],
  [['Email', 'E-mail'], /^c\.csv: 2 columns look like e-mail addresses\..* the columns are "Email", "E-mail"$/],
  [['home_email', 'office_email'], /2 columns look like e-mail addresses/],
])('%j is an error that lists the columns', (columns, message) => {
  expect(() => findEmailColumn(columns, undefined, 'c.csv')).toThrow(message);
});

test('a column is named with or without its capitals', () => {
  expect(findEmailColumn(['Name', 'Contact'], 'contact', 'c.csv')).toBe(1);
  expect(findEmailColumn(['contact', 'Contact'], 'Contact', 'c.csv')).toBe(1);
});

test('a column that is not there, or there twice, is an error that lists the columns', () => {
  expect(() => findEmailColumn(['Name'], 'mail', 'c.csv')).toThrow(
    '--column mail: there is no such column in c.csv; its columns are "Name"',
  );
  expect(() => findEmailColumn(['a', 'a'], 'a', 'c.csv')).toThrow('--column a: there are several columns of this name in c.csv');
});
