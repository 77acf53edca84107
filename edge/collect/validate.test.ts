import { describe, expect, test } from 'vitest';
import type { EventType } from '../contract/event-row.ts';
import { validateMessage } from './validate.ts';

const valid = { type: 'track', event: 'Signed Up', anonymousId: 'a-1', messageId: 'm-1' };

describe('a message', () => {
  test('passes with its ids trimmed, numbers as text, unknown members kept', () => {
    const outcome = validateMessage({ ...valid, anonymousId: ' a-1 ', userId: 42, colour: 'red' });
    expect(outcome).toMatchObject({ message: { anonymousId: 'a-1', userId: '42', colour: 'red' } });
  });

  test.each(['', 'null', 'undefined', 'NaN', '[object Object]'])('with the broken user id %j has none', (userId) => {
    expect(validateMessage({ ...valid, userId })).toMatchObject({ message: { userId: null } });
  });

  test.each([0, -1, '0', '-1', 'Anonymous', 'guest', ' unknown ', 'n/a', '(not set)', '00000000-0000-0000-0000-000000000000'])(
    'with %j in place of the id of a user, which means nobody, has none',
    (userId) => {
      expect(validateMessage({ ...valid, userId, previousId: userId, groupId: userId })).toMatchObject({
        message: { userId: null, previousId: null, groupId: null },
      });
      expect(validateMessage({ ...valid, anonymousId: userId })).toMatchObject({ rejection: { reason: 'missing_identity' } });
    },
  );

  test('keeps the number 0 as the id of a message, which counts messages', () => {
    expect(validateMessage({ ...valid, messageId: 0 })).toMatchObject({ message: { messageId: '0' } });
  });

  test.each([
    ['userId', 'userId', '9007199254740992'],
    ['userId', 'userId', '-12345678901234567890'],
    ['userId', 'userId', '1e400'],
    ['anonymousId', 'anonymousId', '12345678901234567890'],
    ['messageId', 'messageId', '12345678901234567890'],
    ['previousId', 'previousId', '12345678901234567890'],
    ['groupId', 'groupId', '12345678901234567890'],
    ['context', 'context.groupId', '{"groupId":12345678901234567890}'],
    ['context', 'context.gaClientId', '{"gaClientId":1234567890.1700000001}'],
    ['integrations', 'integrations.Google Analytics.clientId', '{"Google Analytics":{"clientId":1234567890.1700000001}}'],
  ])('whose %s is a number that JSON rounds is refused: %s of %s', (member, path, json) => {
    expect(validateMessage({ ...valid, [member]: JSON.parse(json) as unknown })).toMatchObject({
      rejection: { reason: 'unsafe_number', path },
    });
  });

  test.each([
    ['9007199254740991', '9007199254740991'],
    ['"12345678901234567890"', '12345678901234567890'],
  ])('with the user id %s keeps every digit of it', (json, userId) => {
    expect(validateMessage({ ...valid, userId: JSON.parse(json) as unknown })).toMatchObject({ message: { userId } });
  });

  test.each<[string, Record<string, unknown>, EventType | undefined, string, string | null]>([
    ['without a type', { ...valid, type: undefined }, undefined, 'missing_field', 'type'],
    ['of an unknown type', { ...valid, type: 'nope' }, undefined, 'invalid_value', 'type'],
    ['of track without an event', { ...valid, event: undefined }, undefined, 'missing_field', 'event'],
    ['of track with an empty event', { ...valid, event: '  ' }, undefined, 'invalid_value', 'event'],
    ['whose event is a number', { ...valid, event: 7 }, undefined, 'invalid_value', 'event'],
    ['whose properties are a list', { ...valid, properties: [] }, undefined, 'invalid_value', 'properties'],
    ['whose context is a text', { ...valid, context: 'x' }, undefined, 'invalid_value', 'context'],
    ['whose user id is an object', { ...valid, userId: {} }, undefined, 'invalid_value', 'userId'],
    ['with no id of a visitor', { ...valid, anonymousId: undefined }, undefined, 'missing_identity', null],
    ['with only a broken id', { ...valid, anonymousId: 'null' }, undefined, 'missing_identity', null],
    ['of group without a group', { ...valid }, 'group', 'missing_field', 'groupId'],
    ['of alias without the former id', { ...valid }, 'alias', 'missing_field', 'previousId'],
    ['with an id of 257 characters', { ...valid, anonymousId: 'x'.repeat(257) }, undefined, 'invalid_value', 'anonymousId'],
  ])('%s is refused by reason and path', (_, raw, type, reason, path) => {
    expect(validateMessage(raw, type)).toMatchObject({ rejection: { reason, path } });
  });

  test('with an id of 256 characters passes', () => {
    expect(validateMessage({ ...valid, anonymousId: 'x'.repeat(256) })).toHaveProperty('message');
  });

  test('is of the type its route says', () => {
    expect(validateMessage({ ...valid, type: 'page' }, 'track')).toMatchObject({ message: { type: 'track' } });
  });

  test('with unreadable times or sequence passes without them', () => {
    const outcome = validateMessage({ ...valid, timestamp: {}, sequence: 'first' });
    expect(outcome).toMatchObject({ message: { timestamp: null, sequence: null } });
  });
});
