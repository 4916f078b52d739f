import { GantryError, isGantryError } from '@gantry/core';
import { describe, expect, test } from 'vitest';
import type { RangeRequest, RangeResponse } from '../src/etcd-api.ts';
import { readAll } from '../src/read-all.ts';

const range = { key: Buffer.from('a'), rangeEnd: Buffer.from('b') };
const keys = Array.from({ length: 25_000 }, (_, index) => `a${String(index).padStart(6, '0')}`);

/** An etcd whose history is compacted away before the given questions. */
function etcd(compactedAt: (question: number) => boolean, valueBytes = 10) {
  const asked: RangeRequest[] = [];
  const value = Buffer.alloc(valueBytes);
  const ask = async (request: RangeRequest): Promise<RangeResponse> => {
    asked.push(request);
    if (request.revision !== undefined && compactedAt(asked.length))
      throw new GantryError('COMPACTED', 'gone');
    const start = keys.findIndex((key) => Buffer.from(key).compare(request.key) >= 0);
    const limit = request.limit || keys.length;
    const found = start < 0 ? [] : keys.slice(start, start + limit);
    return {
      header: { revision: 100 + asked.length },
      kvs: found.map((key) => ({ key: Buffer.from(key), value, modRevision: 1 })),
      more: start >= 0 && start + limit < keys.length,
    };
  };
  return { ask, asked };
}

const take = ({ key }: { key: Buffer }): string => key.toString();

describe('a list in pages', () => {
  test('is whole and in order, and all of it is read at the revision of the first page', async () => {
    const { ask, asked } = etcd(() => false);
    const { entries, revision } = await readAll(ask, range, take);
    expect(entries).toEqual(keys);
    expect(revision).toBe(101);
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.slice(1).every((request) => request.revision === 101)).toBe(true);
  });

  test('has short pages where values are long', async () => {
    const { ask, asked } = etcd(() => false, 10_000);
    await readAll(ask, range, take);
    expect(Math.max(...asked.slice(1).map(({ limit }) => limit ?? 0))).toBeLessThan(1000);
  });

  test('begins again when its revision is compacted away', async () => {
    const { ask } = etcd((question) => question === 3);
    const { entries, revision } = await readAll(ask, range, take);
    expect(entries).toEqual(keys);
    expect(revision).toBe(104);
  });

  test('is read in one page where that goes on happening', async () => {
    const { ask, asked } = etcd(() => true);
    expect((await readAll(ask, range, take)).entries).toEqual(keys);
    expect(asked.at(-1)?.limit).toBe(0);
  });

  test('fails with what else goes wrong', async () => {
    const error = await readAll(
      async () => {
        throw new GantryError('UNAVAILABLE', 'away');
      },
      range,
      take,
    ).catch((thrown: unknown) => thrown);
    expect(isGantryError(error, 'UNAVAILABLE')).toBe(true);
  });
});
