import { ok } from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { StoreEvent } from '@gantry/core/contracts';
import { SeededRandom } from '@gantry/testing';
import { afterEach, describe, expect, test } from 'vitest';
import { LmdbStore } from '../src/lmdb-store.ts';
import { Child } from './child.ts';
import { scratchFolder } from './scratch-folder.ts';

const ROUNDS = Number(process.env.GANTRY_CRASH_ROUNDS ?? 3);
const SEED = Number(process.env.GANTRY_CRASH_SEED ?? 1);
const ROUND_MS = 60_000;
const MOST_ANSWERS = 200;

type Answer = readonly [key: string, number: number | null, revision: number];

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).reverse()) await clean();
});

function folder(): string {
  const { path, remove } = scratchFolder('disk');
  cleanUp.push(remove);
  return path;
}

function child(...args: string[]): Child {
  const started = new Child(args);
  cleanUp.push(() => started.kill());
  return started;
}

async function open(path: string): Promise<LmdbStore> {
  const store = new LmdbStore({ path });
  cleanUp.push(() => store[Symbol.asyncDispose]());
  await store.start(new AbortController().signal);
  return store;
}

describe('killed with -9 under load', () => {
  const name = `keeps every write it has answered, over ${ROUNDS} rounds, and can be watched from where one was`;
  test(name, { timeout: 60_000 + ROUNDS * ROUND_MS }, async () => {
    const path = folder();
    const random = new SeededRandom(SEED);
    /** The last answer for each key, over all rounds. */
    const last = new Map<string, Answer>();
    let highest = 0;
    let number = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const answers = await loaded(path, number, Math.floor(random.next() * MOST_ANSWERS));
      const where = `seed ${SEED}, round ${round}, after ${answers.length} answers`;
      for (const answer of answers) last.set(answer[0], answer);
      const lowest = Math.min(...answers.map(([, , revision]) => revision));
      ok(lowest > highest, `${where}: revision ${lowest} came after ${highest}`);
      highest = Math.max(highest, ...answers.map(([, , revision]) => revision));
      const store = await open(path);
      const { entries, revision } = await store.list('tasks/');
      const found = new Map(entries.map((entry) => [entry.key, entry]));
      ok(revision >= highest, `${where}: revision ${revision} of the list, ${highest} was answered`);
      for (const [key, written, answered] of last.values()) {
        const entry = found.get(key);
        const value = entry?.value as { number: number } | undefined;
        number = Math.max(number, written ?? 0, value?.number ?? 0);
        if (entry?.revision === answered) expect(value?.number, `${where}: ${key}`).toBe(written);
        else if (entry !== undefined)
          ok(entry.revision > answered, `${where}: ${key} is older than ${answered}`);
        // A delete that was written and not answered may have removed it.
        else if (written !== null) ok(revision > answered, `${where}: ${key} of ${answered} is gone`);
      }
      const since = Math.floor(random.next() * (revision + 1));
      const told = await watched(store, since, revision);
      const lastTold = new Map(told.map((event) => [event.key, event]));
      for (const entry of entries.filter((entry) => entry.revision > since))
        expect(lastTold.get(entry.key), `${where}: watched since ${since}`).toEqual(entry);
      for (const event of lastTold.values())
        expect(found.get(event.key)?.value, `${where}: watched since ${since}`).toEqual(event.value);
      for (const [key, written, answered] of last.values())
        if (written === null && answered > since && !found.has(key))
          ok(lastTold.has(key), `${where}: ${key}`);
      await store[Symbol.asyncDispose]();
      number += 10;
      highest = Math.max(highest, revision);
    }
  });

  test('locks out no other process, and leaves no socket behind once another has started', async () => {
    const path = folder();
    const first = child('hold', path);
    expect([await first.said(), await first.said()]).toEqual(['starting', 'started']);
    expect(existsSync(join(path, 'owner-1.sock'))).toBe(true);
    await first.kill();
    const store = await open(path);
    expect(existsSync(join(path, 'owner-1.sock'))).toBe(false);
    await store[Symbol.asyncDispose]();
    expect(existsSync(join(path, 'owner-2.sock'))).toBe(false);
  });
});

describe('a folder that another process has', () => {
  test('is rejected as UNAVAILABLE, naming the folder and the process; the owner does not notice', async () => {
    const path = folder();
    const owner = child('load', path);
    expect([await owner.said(), await owner.said()]).toEqual(['starting', 'started']);
    await owner.said();
    const store = new LmdbStore({ path });
    await expect(store.start(new AbortController().signal)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringMatching(`"${path}" is in use by process ${owner.process.pid} `),
      details: { path, pid: owner.process.pid },
    });
    await store[Symbol.asyncDispose]();
    expect(await owner.said()).toHaveLength(3);
  });

  test('is rejected also while its owner is stopped and does not answer', async () => {
    const path = folder();
    const owner = child('hold', path);
    expect([await owner.said(), await owner.said()]).toEqual(['starting', 'started']);
    owner.process.kill('SIGSTOP');
    const store = new LmdbStore({ path });
    await expect(store.start(new AbortController().signal)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  test('goes to exactly one of several that start concurrently', async () => {
    const path = folder();
    const several = Array.from({ length: 4 }, () => child('hold', path));
    for (const one of several) expect(await one.said()).toBe('starting');
    const said = await Promise.all(several.map((one) => one.said()));
    expect(said.filter((line) => line === 'started')).toHaveLength(1);
    expect(said.filter((line) => String(line).startsWith('UNAVAILABLE'))).toHaveLength(3);
  });
});

/** Runs the program until it has given `count` answers, kills it, and returns all its answers. */
async function loaded(path: string, first: number, count: number): Promise<Answer[]> {
  const loading = child('load', path, String(first));
  expect(await loading.said()).toBe('starting');
  if (count > 0) expect(await loading.said()).toBe('started');
  const answers: unknown[] = [];
  while (answers.length < count) answers.push(await loading.said());
  answers.push(...(await loading.kill()));
  return answers.filter((line): line is Answer => Array.isArray(line));
}

/** What a watch tells up to a revision; checks that it is in order. */
async function watched(store: LmdbStore, since: number, revision: number): Promise<StoreEvent[]> {
  const told: StoreEvent[] = [];
  const over = new AbortController();
  // So that there is an event to wait for, whatever the last one was.
  const [end] = await store.commit([{ key: 'nodes/end', value: revision }]);
  const until = end?.ok === true ? end.revision : 0;
  ok(until > revision);
  for await (const batch of store.watch('', { since, signal: over.signal })) {
    told.push(...batch);
    if (told.at(-1)?.revision === until) break;
  }
  let at = since;
  for (const event of told) {
    ok(event.revision > at, `revision ${event.revision} came after ${at}`);
    at = event.revision;
  }
  return told.filter(({ key }) => key.startsWith('tasks/'));
}
