import { appendFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isGantryError } from '@gantry/core';
import { LmdbStore } from '../src/lmdb-store.ts';

/** A process that owns a store, for tests that end it: `program.ts hold|load|fill|restart FOLDER [FIRST]`. Says what it does in lines of JSON. */
const [job, path = '', first = '0'] = process.argv.slice(2);
const WRITERS = 8;
const KEYS = 7;

function say(line: unknown): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

/** Commits until it is ended, and says of each write that was answered its key, number (null: deleted) and revision. */
async function load(store: LmdbStore): Promise<void> {
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (let number = Number(first); ; number++) {
      const count = number % 10 === 0 ? KEYS : 1;
      const changes = Array.from({ length: count }, (_, index) => ({
        key: `tasks/${writer}-${(number + index) % KEYS}`,
        value: number % 5 === 3 ? undefined : { number, text: 'x'.repeat(number % 400) },
      }));
      for (const [index, outcome] of (await store.commit(changes)).entries()) {
        const { key, value } = changes[index] as (typeof changes)[number];
        if (outcome.ok) say([key, value === undefined ? null : number, outcome.revision]);
      }
    }
  });
  await Promise.all(writers);
}

/** Puts until a put is refused, then says what happens around that. */
async function fill(store: LmdbStore): Promise<void> {
  const put = async (key: string, length: number): Promise<string> =>
    await store
      .commit([
        { key: `${key}-small`, value: 1 },
        { key, value: 'x'.repeat(length) },
      ])
      .then(
        () => 'ok',
        (error: unknown) => (isGantryError(error) ? error.toString() : `not an error of Gantry: ${error}`),
      );
  let count = 0;
  let refusal = 'ok';
  while (refusal === 'ok') refusal = await put(`tasks/${count++}`, 100_000);
  const again = await put('tasks/again', 100_000);
  const { entries, revision } = await store.list('');
  for (let index = 0; index < count - 1; index++)
    await store.commit([{ key: `tasks/${index}`, value: undefined }]).catch(() => undefined);
  const later = await put('tasks/later', 10);
  say({ refusal, again, written: count - 1, listed: entries.length, revision, later });
}

/** Starts a store again while the disk is full, and once more when there is space. */
async function restart(first: LmdbStore): Promise<void> {
  const result = (key: string, length = 1000): Promise<string> =>
    store.commit([{ key, value: 'x'.repeat(length) }]).then(
      () => 'ok',
      (error: unknown) => String(error),
    );
  let store = first;
  const before = await result('tasks/before');
  await first[Symbol.asyncDispose]();
  const filler = join(path, 'filler');
  for (let size = 65_536; size >= 1; size = Math.floor(size / 2))
    for (let room = true; room; ) {
      try {
        appendFileSync(filler, Buffer.alloc(size));
      } catch {
        room = false;
      }
    }
  const starts: string[] = [];
  const full: string[] = [];
  for (let time = 0; time < 3; time++) {
    store = new LmdbStore({ path });
    starts.push(
      await store.start(new AbortController().signal).then(
        () => 'started',
        (error: unknown) => String(error),
      ),
    );
    full.push(await result('tasks/full', 700_000));
    if (time < 2) await store[Symbol.asyncDispose]();
  }
  const read = (await store.list('')).entries.map(({ key }) => key);
  rmSync(filler);
  const after = await result('tasks/after');
  await store[Symbol.asyncDispose]();
  store = new LmdbStore({ path });
  await store.start(new AbortController().signal);
  const kept = (await store.list('')).entries.map(({ key }) => key);
  await store[Symbol.asyncDispose]();
  say({ before, starts, full, read, after, kept });
}

say('starting');
const store = new LmdbStore({ path });
const started = await store.start(new AbortController().signal).then(
  () => 'started',
  (error: unknown) => String(error),
);
say(started);
if (started === 'started') {
  if (job === 'load') await load(store);
  if (job === 'fill') await fill(store);
  if (job === 'restart') await restart(store);
  if (job === 'hold') process.stdin.resume();
  else await store[Symbol.asyncDispose]();
}
