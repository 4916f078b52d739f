import { describe, expect, test } from 'vitest';
import { type EncodedChange, planTxns } from '../src/plan-txns.ts';

function change(name: string, valueBytes = 10, expected?: 'absent'): EncodedChange {
  return { name, key: Buffer.from(`/gantry/${name}`), value: Buffer.alloc(valueBytes), expect: expected };
}

const names = (txns: readonly (readonly EncodedChange[])[]): string[][] =>
  txns.map((txn) => txn.map(({ name }) => name));

describe('the changes of a commit', () => {
  test('nothing takes no transaction', () => {
    expect(planTxns([])).toEqual([]);
  });

  test('stay in order and come a hundred to a transaction', () => {
    const changes = Array.from({ length: 250 }, (_, index) => change(`k${index}`));
    const txns = planTxns(changes);
    expect(txns.map((txn) => txn.length)).toEqual([100, 100, 50]);
    expect(txns.flat()).toEqual(changes);
  });

  test('a key that comes again begins a new transaction', () => {
    const changes = ['a', 'b', 'a', 'c', 'a', 'b'].map((name) => change(name));
    expect(names(planTxns(changes))).toEqual([
      ['a', 'b'],
      ['a', 'c'],
      ['a', 'b'],
    ]);
  });

  test('no transaction is longer than etcd takes, whatever the values', () => {
    const long = 'k'.repeat(512);
    const changes = Array.from({ length: 40 }, (_, index) =>
      change(`${long}${index}`, (index * 333_333) % 1_000_001, 'absent'),
    );
    const txns = planTxns(changes);
    expect(txns.flat()).toEqual(changes);
    for (const txn of txns) {
      const bytes = txn.reduce((sum, { key, value }) => sum + 3 * key.length + (value?.length ?? 0), 0);
      expect(bytes).toBeLessThan(1.5 * 1024 * 1024);
    }
  });

  test('one value of the greatest length goes alone', () => {
    const changes = [change('a'), change('b', 1_000_000), change('c', 1_000_000), change('d')];
    expect(names(planTxns(changes))).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });
});
