import { EMAIL, BAD_JSON, type CorpusBuilder } from './corpus-builder.ts';

const nested = (levels: number, open: string, close: string) => open.repeat(levels) + '1' + close.repeat(levels);

/** Too deep, too many, too long, twice, and names that mean something to the language. */
export function addShapes({ add, single, track }: CorpusBuilder): void {
  for (const levels of [101, 1_000, 10_000]) {
    single(`${levels} levels of objects`, `{"properties":${nested(levels, '{"a":', '}')},"leak":"${EMAIL}"}`, { rejected: 'too_deep' });
    single(`${levels} levels of arrays`, `{"properties":{"a":${nested(levels, '[', ']')}},"leak":"${EMAIL}"}`, { rejected: 'too_deep' });
  }
  // A body holds at most 512,000 bytes: brackets without anything in them.
  single('250,000 levels of arrays', `{"a":${'['.repeat(250_000)}${']'.repeat(250_000)}}`, { rejected: 'too_deep' });
  single('500,000 levels of arrays', `{"a":${'['.repeat(500_000)}`, BAD_JSON);
  single(
    'a list of 100,000',
    { ...track(), properties: { list: Array.from({ length: 100_000 }, () => 0) } },
    { rejected: 'too_many_members' },
  );
  single(
    '100,000 empty lists',
    { ...track(), properties: { list: Array.from({ length: 100_000 }, () => []) } },
    { rejected: 'too_many_members' },
  );
  single(
    '10,000 members',
    { ...track(), properties: Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i])) },
    { rejected: 'too_many_members' },
  );
  single('a name of 30 KB', track({ properties: { ['k'.repeat(30_000)]: EMAIL } }), 'stored');
  single('a name of 40 KB', track({ properties: { ['k'.repeat(40_000)]: EMAIL } }), { rejected: 'event_too_large' });
  single('a name that is empty', track({ '': EMAIL, properties: { '': { '': EMAIL } } }), 'stored');
  for (const name of [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
    'toJSON',
    'then',
    'length',
    '__defineGetter__',
  ]) {
    const value = `{"polluted":"${EMAIL}","toString":1,"properties":{"x":1}}`;
    const rest = JSON.stringify(track()).slice(1);
    single(`a member called ${name}`, `{"${name}":${value},${rest}`, 'stored');
    for (const place of ['properties', 'traits', 'context', 'integrations'])
      single(`${place}.${name}`, `{"${place}":{"${name}":${value}},${rest}`, 'stored');
    single(
      `context.page.${name}`,
      `{"context":{"page":{"${name}":${value},"url":"https://x.example/?${name}=1&utm_source=${name}"}},${rest}`,
      'stored',
    );
    add(`a body with ${name}`, '/v1/batch', `{"${name}":${value},"batch":[${JSON.stringify(track())}]}`, 'stored');
  }
  const doubled = JSON.stringify(track()).slice(1, -1);
  single('every member twice', `{"event":7,"anonymousId":{},${doubled}}`, 'stored');
  single('every member twice, the wrong one last', `{${doubled},"event":7}`, { rejected: 'invalid_value', path: 'event' });
  single('names that differ in their case', `{${doubled},"Event":7,"EVENT":8,"MESSAGEID":[]}`, 'stored');
  add('two batches', '/v1/batch', `{"batch":[{}],"batch":[${JSON.stringify(track())}]}`, 'stored');
}
