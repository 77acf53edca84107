import { EMAIL, type CorpusBuilder } from './corpus-builder.ts';

/** Members of wrong types, one by one: what is taken all the same is written down here. */
export function addMembers({ add, single, track }: CorpusBuilder): void {
  const wrong: Readonly<Record<string, unknown>> = {
    null: null,
    true: true,
    false: false,
    zero: 0,
    integer: 7,
    fraction: 1.5,
    text: 'text',
    empty: '',
    blank: '  ',
    object: {},
    members: { a: 1 },
    list: [],
    items: [1],
  };
  const id = ['null', 'zero', 'integer', 'text', 'empty', 'blank'];
  const taken: Readonly<Record<string, readonly string[] | 'all'>> = {
    messageId: id,
    anonymousId: id,
    userId: id,
    previousId: id,
    groupId: id,
    event: ['text'],
    name: ['null', 'text', 'empty', 'blank'],
    category: ['null', 'text', 'empty', 'blank'],
    properties: ['null', 'object', 'members'],
    traits: ['null', 'object', 'members'],
    context: ['null', 'object', 'members'],
    integrations: ['null', 'object', 'members'],
    timestamp: 'all',
    originalTimestamp: 'all',
    sentAt: 'all',
    sequence: 'all',
    writeKey: 'all',
    type: 'all',
    receivedAt: 'all',
    batch: 'all',
    cookie: 'all',
  };
  for (const [member, accepted] of Object.entries(taken)) {
    for (const [kind, value] of Object.entries(wrong)) {
      const isTaken = accepted === 'all' || accepted.includes(kind);
      const reason =
        id === accepted && kind === 'fraction'
          ? 'unsafe_number'
          : member === 'event' && kind === 'null'
            ? 'missing_field'
            : 'invalid_value';
      // The user's id remains where the visitor's is none.
      single(
        `${member} that is ${kind}`,
        track({ userId: 'u-1', [member]: value }),
        isTaken ? 'stored' : { rejected: reason, path: member },
      );
    }
  }
  for (const type of ['Track', 'track ', 'TRACK', '', 'constructor', '__proto__', 'toString', 'delete', EMAIL, 7, null, {}, ['track']]) {
    add(`a type that is ${JSON.stringify(type)}`, '/v1/batch', JSON.stringify({ batch: [track({ type })] }), {
      rejected: 'invalid_value',
      path: 'type',
    });
  }
  for (const member of [
    'ip',
    'page',
    'campaign',
    'library',
    'location',
    'traits',
    'userAgent',
    'timezone',
    'consent',
    'gpc',
    'clickIds',
    'emailHashes',
    'landing',
    'referrer',
    'gaClientId',
    'groupId',
    'sequence',
    'internal',
  ]) {
    for (const value of [
      null,
      true,
      [],
      {},
      [[EMAIL]],
      { url: 7, name: {}, email: [EMAIL] },
      'x',
      ['%', null, { name: 'gclid', value: {} }],
    ]) {
      single(`context.${member} that is ${JSON.stringify(value)}`, track({ context: { [member]: value } }), 'stored');
    }
  }
  for (const event of [{}, { type: 'track' }, { messageId: 'x' }]) {
    add(`an event of ${JSON.stringify(event)}`, '/v1/batch', JSON.stringify({ batch: [event] }), {
      rejected: 'type' in event ? 'missing_field' : 'missing_field',
    });
  }
  for (const nobody of ['null', 'undefined', '0', 'anonymous', '[object Object]', ' ', '00000000-0000-0000-0000-000000000000']) {
    single(`a visitor called ${nobody}`, { ...track(), anonymousId: nobody }, { rejected: 'missing_identity' });
  }
}
