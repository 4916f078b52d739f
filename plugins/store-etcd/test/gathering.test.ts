import { type ErrorCode, GantryError } from '@gantry/core';
import type { Outcome } from '@gantry/core/contracts';
import { TestClock } from '@gantry/testing';
import { expect, test } from 'vitest';
import { Gathering } from '../src/gathering.ts';
import type { EncodedChange } from '../src/plan-txns.ts';

const change = (name: string): EncodedChange => ({
  name,
  key: Buffer.from(name),
  value: Buffer.from('1'),
  expect: undefined,
});

/** A server that answers when it is told to. */
function server() {
  const transactions: { readonly names: string; answer(): void; fail(code?: ErrorCode): void }[] = [];
  let revision = 0;
  const clock = new TestClock();
  const gathering = new Gathering({
    clock,
    timeoutMs: 5000,
    write: (changes) =>
      new Promise((resolve, reject) => {
        transactions.push({
          names: changes.map(({ name }) => name).join(' '),
          answer: () => resolve(changes.map((): Outcome => ({ ok: true, revision: ++revision }))),
          fail: (code = 'TIMEOUT') => reject(new GantryError(code, 'lost')),
        });
      }),
  });
  return { gathering, transactions, clock };
}

test('every write goes immediately and alone while there is no load', async () => {
  const { gathering, transactions } = server();
  for (const name of 'abcd') void gathering.write([change(name)], undefined);
  expect(transactions.map(({ names }) => names)).toEqual(['a', 'b', 'c', 'd']);
});

test('writes that arrive during others go together, in order, and are answered separately', async () => {
  const { gathering, transactions } = server();
  const early = [...'abcd'].map((name) => gathering.write([change(name)], undefined));
  const late = [
    gathering.write([change('e'), change('f')], undefined),
    gathering.write([change('g')], undefined),
  ];
  expect(transactions).toHaveLength(4);
  transactions[0]?.answer();
  await early[0];
  await null;
  expect(transactions.at(-1)?.names).toBe('e f g');
  transactions.at(-1)?.answer();
  expect((await Promise.all(late)).map((outcomes) => outcomes.length)).toEqual([2, 1]);
});

test('a key that is in a transaction already waits for the next one', async () => {
  const { gathering, transactions } = server();
  for (const name of 'abcd') void gathering.write([change(name)], undefined);
  for (const name of ['x', 'y', 'x', 'z']) void gathering.write([change(name)], undefined);
  for (const transaction of transactions.slice(0, 2)) transaction.answer();
  await expect.poll(() => transactions.slice(4).map(({ names }) => names)).toEqual(['x y', 'x z']);
});

test('only writes with the same fence go together', async () => {
  const { gathering, transactions } = server();
  const fence = (revision: number) => ({ name: 'term', key: Buffer.from('term'), revision });
  for (const name of 'abcd') void gathering.write([change(name)], undefined);
  for (const [name, revision] of [
    ['e', 1],
    ['f', 1],
    ['g', 2],
  ] as const)
    void gathering.write([change(name)], fence(revision));
  for (const transaction of transactions.slice(0, 2)) transaction.answer();
  await expect.poll(() => transactions.slice(4).map(({ names }) => names)).toEqual(['e f', 'g']);
});

test('a transaction that fails fails those in it, and no others', async () => {
  const { gathering, transactions } = server();
  const early = [...'abcd'].map((name) => gathering.write([change(name)], undefined));
  const late = [gathering.write([change('e')], undefined), gathering.write([change('f')], undefined)];
  transactions[0]?.fail();
  await expect(early[0]).rejects.toThrow('lost');
  await expect.poll(() => transactions.length).toBe(5);
  transactions[4]?.fail();
  for (const each of late) await expect(each).rejects.toThrow('lost');
  transactions[1]?.answer();
  expect(await early[1]).toHaveLength(1);
});

test('writes are sent again, each alone, if one of them is rejected', async () => {
  const { gathering, transactions } = server();
  for (const name of 'abcd') void gathering.write([change(name)], undefined);
  const late = ['e', 'f'].map((name) => gathering.write([change(name)], undefined));
  transactions[0]?.answer();
  await expect.poll(() => transactions[4]?.names).toBe('e f');
  transactions[4]?.fail('EXHAUSTED');
  await expect.poll(() => transactions.slice(5).map(({ names }) => names)).toEqual(['e', 'f']);
  transactions[5]?.fail('EXHAUSTED');
  transactions[6]?.answer();
  await expect(late[0]).rejects.toMatchObject({ code: 'EXHAUSTED' });
  expect(await late[1]).toEqual([{ ok: true, revision: expect.any(Number) }]);
});

test('a write that waits for too long is given up, and was not sent', async () => {
  const { gathering, transactions, clock } = server();
  for (const name of 'abcd') void gathering.write([change(name)], undefined);
  const late = gathering.write([change('e')], undefined);
  await clock.advance(5001);
  const later = gathering.write([change('f')], undefined);
  transactions[0]?.answer();
  await expect(late).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(transactions[4]?.names).toBe('f');
  transactions[4]?.answer();
  await later;
});
