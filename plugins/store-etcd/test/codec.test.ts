import { isGantryError } from '@gantry/core';
import { expect, test } from 'vitest';
import { Codec } from '../src/codec.ts';
import { outcomesOf, txnOf } from '../src/txn.ts';

const codec = new Codec('/gantry/');
const kv = (key: string, value: string, modRevision = 7) => ({
  key: Buffer.from(`/gantry/${key}`),
  value: Buffer.from(value),
  modRevision,
});
const change = (name: string, expected?: number | 'absent') => ({
  name,
  key: codec.key(name),
  value: Buffer.from('1'),
  expect: expected,
});

test('an entry has its key without the prefix, and its value as JSON has it', () => {
  expect(codec.entry(kv('tasks/a', '{"é":[1,"😀"]}'))).toEqual({
    key: 'tasks/a',
    value: { é: [1, '😀'] },
    revision: 7,
  });
});

test('a delete is an event without a value', () => {
  const event = codec.event({ type: 1, kv: { key: Buffer.from('/gantry/a'), modRevision: 9 } });
  expect(event).toEqual({ key: 'a', value: undefined, revision: 9 });
});

test.each(['', 'no json', '{"a":'])('a foreign value %j is INVALID_OBJECT and named', (value) => {
  const error = (() => {
    try {
      return codec.entry(kv('tasks/a', value));
    } catch (thrown) {
      return thrown;
    }
  })();
  expect(isGantryError(error, 'INVALID_OBJECT')).toBe(true);
  expect(String(error)).toContain('"tasks/a"');
});

test('a range holds what starts with its prefix and nothing else', () => {
  const { key, rangeEnd } = codec.range('a/');
  const inside = (name: string): boolean => {
    const bytes = codec.key(name);
    return bytes.compare(key) >= 0 && bytes.compare(rangeEnd) < 0;
  };
  expect(['a/', 'a/1', 'a/~', 'a/b/c'].filter(inside)).toEqual(['a/', 'a/1', 'a/~', 'a/b/c']);
  expect(['a', 'a0', 'a.', 'b/', 'A/1', ''].filter(inside)).toEqual([]);
});

test('a change without expectation is one operation, one with an expectation is a nested transaction', () => {
  const { compare, success } = txnOf([change('a'), change('b', 'absent'), change('c', 5)], undefined);
  expect(compare).toEqual([]);
  expect(success[0]).toHaveProperty('requestPut');
  expect(success[1]).toMatchObject({ requestTxn: { compare: [{ target: 2, modRevision: 0 }] } });
  expect(success[2]).toMatchObject({ requestTxn: { compare: [{ target: 2, modRevision: 5 }] } });
});

test.each([0, -3, 1.5, Number.NaN, 2 ** 60])(
  'a revision that no write can have (%d) is not taken for absence',
  (expected) => {
    const { success } = txnOf([change('a', expected)], undefined);
    expect(success[0]).toMatchObject({ requestTxn: { compare: [{ modRevision: -1 }] } });
  },
);

test('each change is answered in its place', () => {
  const changes = [change('a'), change('b', 3), change('c', 4), change('d', 5)];
  const refused = { responses: [{ responseRange: { header: { revision: 9 }, kvs: [kv('c', '2', 8)] } }] };
  const answer = {
    header: { revision: 9 },
    succeeded: true,
    responses: [{}, { responseTxn: { succeeded: true } }, { responseTxn: refused }, { responseTxn: {} }],
  };
  expect(outcomesOf(answer, changes, codec)).toEqual([
    { ok: true, revision: 9 },
    { ok: true, revision: 9 },
    { ok: false, current: { key: 'c', value: 2, revision: 8 } },
    { ok: false, current: undefined },
  ]);
});
