import { GantryError } from '@gantry/core';
import type { ClusterApi, WatchEvent } from '@gantry/core/api';
import type { Task } from '@gantry/core/model';
import { TestClock } from '@gantry/testing';
import { expect, test } from 'vitest';
import { Catalog } from '../src/top/catalog.ts';
import { type FeedOptions, followCluster } from '../src/top/feed.ts';

const task = (name: string): Task =>
  ({ kind: 'task', meta: { name, namespace: 'default' } }) as unknown as Task;
const away = (): GantryError => new GantryError('UNAVAILABLE', 'connection refused');

/** A cluster whose tasks are `tasks`, and whose watches are ended from outside. */
class ScriptedApi {
  tasks: Task[] = [];
  down = false;
  denied: string | undefined;
  lists = 0;
  #end: ((error: GantryError) => void)[] = [];
  #push: ((batch: WatchEvent<Task>[]) => void)[] = [];

  readonly api = {
    info: async () => this.#answer({ name: 'test' }),
    stats: async () => this.#answer([]),
    list: async (kind: string, options: { namespace?: string }) => {
      if (
        this.denied === kind ||
        (this.denied === 'all' && options.namespace === undefined && kind !== 'node')
      )
        throw new GantryError('FORBIDDEN', 'this token may not list everything');
      if (kind === 'task') this.lists += 1;
      return this.#answer({ items: kind === 'task' ? this.tasks : [], revision: 1 });
    },
    watch: (kind: string, { signal }: { signal: AbortSignal }) => this.#watch(kind, signal),
  } as unknown as ClusterApi;

  push(batch: WatchEvent<Task>[]): void {
    for (const each of this.#push) each(batch);
  }

  fail(error: GantryError): void {
    for (const end of this.#end.splice(0)) end(error);
  }

  #answer<T>(value: T): T {
    if (this.down) throw away();
    return value;
  }

  async *#watch(kind: string, signal: AbortSignal): AsyncIterable<WatchEvent<Task>[]> {
    for (;;) {
      const next = await new Promise<WatchEvent<Task>[] | undefined>((resolve, reject) => {
        signal.addEventListener('abort', () => resolve(undefined));
        this.#end.push(reject);
        if (kind === 'task') this.#push = [resolve];
      });
      if (next === undefined) return;
      yield next;
    }
  }
}

async function open(script: ScriptedApi, use: (parts: Parts) => Promise<void>): Promise<void> {
  const clock = new TestClock();
  const stop = new AbortController();
  const catalog = new Catalog();
  const said: (string | undefined)[] = [];
  const confined: string[] = [];
  const options: FeedOptions = {
    api: script.api,
    clock,
    catalog,
    fallback: 'team-a',
    signal: stop.signal,
    changed: () => undefined,
    confined: (namespace) => void confined.push(namespace),
    reached: (problem) => void said.push(problem),
  };
  const feed = followCluster(options);
  await clock.advance(0);
  await use({ clock, catalog, said, confined });
  stop.abort();
  await clock.advance(0);
  await feed;
}

interface Parts {
  readonly clock: TestClock;
  readonly catalog: Catalog;
  readonly said: readonly (string | undefined)[];
  readonly confined: readonly string[];
}

test('objects are listed once and then watched', async () => {
  const script = new ScriptedApi();
  script.tasks = [task('a')];
  await open(script, async ({ clock, catalog }) => {
    expect(catalog.count('task')).toBe(1);
    script.push([
      { type: 'added', object: task('b') },
      { type: 'deleted', object: task('a') },
    ]);
    await clock.advance(60_000);
    expect([...catalog.all('task')].map(({ meta }) => meta.name)).toEqual(['b']);
    expect(script.lists).toBe(1);
  });
});

test('a lost server is reported with its reason, and what changed in the meantime is listed when it is back', async () => {
  const script = new ScriptedApi();
  script.tasks = [task('a')];
  await open(script, async ({ clock, catalog, said }) => {
    expect(said.at(-1)).toBeUndefined();
    script.down = true;
    script.fail(away());
    await clock.advance(10_000);
    expect(said.at(-1)).toBe('connection refused');
    expect(catalog.count('task')).toBe(1);
    script.down = false;
    script.tasks = [task('b'), task('c')];
    await clock.advance(10_000);
    expect(said.at(-1)).toBeUndefined();
    expect([...catalog.all('task')].map(({ meta }) => meta.name)).toEqual(['b', 'c']);
  });
});

test('a watch whose history is gone lists again, without a word about the server', async () => {
  const script = new ScriptedApi();
  await open(script, async ({ clock, said }) => {
    script.fail(new GantryError('COMPACTED', 'the history is gone'));
    await clock.advance(1000);
    expect(script.lists).toBe(2);
    expect(said.every((problem) => problem === undefined)).toBe(true);
  });
});

test('a token for one namespace sees that namespace; a kind that it may not see at all says so', async () => {
  const script = new ScriptedApi();
  script.denied = 'all';
  await open(script, async ({ catalog, confined }) => {
    expect(catalog.isListed('task')).toBe(true);
    expect(new Set(confined)).toEqual(new Set(['team-a']));
  });
  script.denied = 'node';
  await open(script, async ({ catalog }) => {
    expect(catalog.isListed('node')).toBe(false);
    expect(catalog.denied('node')).toBe('this token may not list everything');
  });
});
