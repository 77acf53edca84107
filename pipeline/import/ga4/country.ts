/** Names that GA4 writes in another way than CLDR. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  'bosnia and herzegovina': 'BA',
  'czech republic': 'CZ',
  'hong kong': 'HK',
  macao: 'MO',
  macau: 'MO',
  'myanmar (burma)': 'MM',
  palestine: 'PS',
  swaziland: 'SZ',
  türkiye: 'TR',
  turkey: 'TR',
  'north macedonia': 'MK',
  "côte d'ivoire": 'CI',
  'trinidad and tobago': 'TT',
};

let codes: ReadonlyMap<string, string> | undefined;

/** The ISO 3166 code of a country by its English name, as edges report countries; undefined where none is called so. */
export function countryCode(name: string): string | undefined {
  codes ??= new Map([...codesByName(), ...Object.entries(OTHER_NAMES)]);
  return codes.get(name.toLowerCase().replaceAll('’', "'"));
}

function* codesByName(): Generator<[string, string]> {
  const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
  const letters = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
  for (const first of letters) {
    for (const second of letters) {
      const name = names.of(first + second);
      // A code that was withdrawn has the name of its successor, which maps to itself.
      if (name !== undefined && Intl.getCanonicalLocales(`und-${first}${second}`)[0] === `und-${first}${second}`) {
        yield [name.toLowerCase().replaceAll('’', "'"), first + second];
      }
    }
  }
}
