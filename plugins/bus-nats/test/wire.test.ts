import { GantryError } from '@gantry/core';
import { describe, expect, test } from 'vitest';
import { isInternal } from '../src/subject.ts';
import { decode, decodeError, encode, encodeError, errorHeaders, partHeaders, partOf } from '../src/wire.ts';

describe('the wire format', () => {
  test('a payload is its JSON, and what JSON has nothing for is null', () => {
    expect(new TextDecoder().decode(encode({ a: 'é' }))).toBe('{"a":"é"}');
    for (const nothing of [undefined, () => 1, Symbol('s')]) expect(decode(encode(nothing))).toBe(null);
    expect(decode(new Uint8Array())).toBe(null);
    expect(() => decode(new TextEncoder().encode('{'))).toThrow(SyntaxError);
  });

  test('an error is read back as it was, whatever is missing or wrong', () => {
    const error = new GantryError('FENCED', 'm', {
      details: { a: 1 },
      issues: [{ path: 'p', message: 'm' }],
    });
    const { code, message, details, issues } = error;
    expect(decodeError(errorHeaders('FENCED'), encodeError(error))).toMatchObject({
      code,
      message,
      details,
      issues,
    });
    for (const body of ['', 'no JSON', '7', '[]', '{"message":7,"details":[],"issues":{}}']) {
      const read = decodeError(errorHeaders('CONFLICT'), new TextEncoder().encode(body));
      expect(read).toMatchObject({ code: 'CONFLICT', details: {}, issues: [] });
    }
    expect(decodeError(undefined, encode(1))).toBe(undefined);
  });

  test('a part states its position; any other message is not a part', () => {
    const part = { answer: 'x', number: 2, of: 5 };
    expect(partOf(partHeaders(part, undefined))).toEqual(part);
    const broken = partHeaders(part, undefined);
    broken.set('Gantry-Part', '2 of 5');
    expect(partOf(broken)).toBe(undefined);
    expect(partOf(undefined)).toBe(undefined);
  });
});

describe('the pattern', () => {
  test.each([
    ['_INBOX.a.b', '>', true],
    ['$JS.API.INFO', '*.>', true],
    ['a.b', '>', false],
    ['$JS.API.INFO', '$JS.>', false],
    ['_INBOXES.a', '>', false],
  ])('%s is internal to %s: %s', (subject, pattern, internal) => {
    expect(isInternal(subject, pattern)).toBe(internal);
  });
});
