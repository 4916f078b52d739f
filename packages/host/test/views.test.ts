import { GantryError, type Store } from '@gantry/core';
import type { Entry, StoreEvent, ViewEvent } from '@gantry/core/contracts';
import { type KindDefinition, keyOf, kindTable, type Task } from '@gantry/core/model';
import { MemoryStore } from '@gantry/store-memory';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import { describe, expect, test } from 'vitest';
import { StoreViews } from '../src/store-views.ts';
import { CachedView } from '../src/view.ts';

const tasks = kindTable([]).get('task') as KindDefinition<'task'>;

function task(name: string, service: string, node?: string): Task {
  return {
    kind: 'task',
    meta: { name, uid: name, generation: 1, createdAt: 0, labels: {} },
    spec: {
      service,
      serviceUid: 'u',
      template: 't',
      slot: '1',
      attempt: 1,
      restarts: 0,
      ...(node === undefined ? {} : { node }),
      desired: 'running',
    },
    status: { state: 'pending', since: 0, ready: false },
  };
}

const put = (revision: number, value: Task): Entry<Task> => ({
  key: keyOf('task', value.meta.name),
  value,
  revision,
});
const gone = (revision: number, name: string): StoreEvent => ({
  key: keyOf('task', name),
  value: undefined,
  revision,
});
const namesOf = (entries: Iterable<Entry<Task>>): string[] =>
  [...entries].map(({ value }) => value.meta.name).sort();
const told = (event: ViewEvent): string =>
  `${event.name} ${event.before?.revision ?? '-'}→${event.after?.revision ?? '-'}`;

function cached() {
  const view = new CachedView(tasks, () => undefined);
  const batches: string[][] = [];
  view.subscribe((events) => batches.push(events.map(told)));
  return { view, batches };
}

describe('a view', () => {
  test('shows the latest put, and nothing that was deleted', () => {
    const { view, batches } = cached();
    view.apply([put(1, task('a', 'web')), put(2, task('b', 'web'))]);
    view.apply([put(3, task('a', 'web', 'n1')), gone(4, 'b')]);
    expect(namesOf(view.all())).toEqual(['a']);
    expect(view.get('a')?.revision).toBe(3);
    expect(view.get('b')).toBeUndefined();
    expect([view.size, view.revision]).toEqual([1, 4]);
    expect(batches).toEqual([
      ['a -→1', 'b -→2'],
      ['a 1→3', 'b 2→-'],
    ]);
  });

  test('its indexes follow every change', () => {
    const { view } = cached();
    view.apply([put(1, task('a', 'web')), put(2, task('b', 'web', 'n1')), put(3, task('c', 'api', 'n1'))]);
    expect(namesOf(view.by('service', 'web'))).toEqual(['a', 'b']);
    expect(namesOf(view.by('node', 'n1'))).toEqual(['b', 'c']);
    view.apply([put(4, task('a', 'web', 'n2')), gone(5, 'b')]);
    expect(namesOf(view.by('service', 'web'))).toEqual(['a']);
    expect(namesOf(view.by('node', 'n2'))).toEqual(['a']);
    expect([view.countBy('service', 'web'), view.countBy('node', 'n1')]).toEqual([1, 1]);
    expect(namesOf(view.by('service', 'none'))).toEqual([]);
    expect(view.countBy('service', 'none')).toBe(0);
    expect([...view.by('service', 'web')][0]).toBe(view.get('a'));
  });

  test('does not report the deletion of an object it never had', () => {
    const { view, batches } = cached();
    view.apply([gone(7, 'x')]);
    expect(batches).toEqual([]);
    expect(view.revision).toBe(7);
  });

  test('reports a new listing as differences only', () => {
    const { view, batches } = cached();
    const [a, b, c] = [put(1, task('a', 'web')), put(2, task('b', 'web')), put(3, task('c', 'web'))];
    view.apply([a, b, c]);
    batches.length = 0;
    view.replace([a, put(6, task('b', 'web', 'n1')), put(8, task('d', 'web'))], 9);
    expect(batches).toEqual([['c 3→-', 'b 2→6', 'd -→8']]);
    expect(view.revision).toBe(9);
    view.replace([...view.all()], 10);
    expect(batches).toHaveLength(1);
  });

  test('notifies no one after unsubscribing', () => {
    const { view } = cached();
    let calls = 0;
    const unsubscribe = view.subscribe(() => calls++);
    view.apply([put(1, task('a', 'web'))]);
    unsubscribe();
    view.apply([put(2, task('b', 'web'))]);
    expect(calls).toBe(1);
  });

  test('a listener that throws does not keep the others from hearing', () => {
    const view = new CachedView(tasks, () => undefined);
    const heard: string[] = [];
    view.subscribe(() => {
      throw new Error('boom');
    });
    view.subscribe((events) => heard.push(...events.map(told)));
    try {
      view.apply([put(1, task('a', 'web'))]);
    } catch {
      // who feeds the view may be told
    }
    expect(heard).toEqual(['a -→1']);
  });

  test('a revision is reached once everything up to it was taken in', async () => {
    const { view } = cached();
    const order: string[] = [];
    const waits = [3, 1, 2].map((revision) => view.reached(revision).then(() => order.push(`r${revision}`)));
    view.apply([put(1, task('a', 'web'))]);
    await Promise.resolve();
    expect(order).toEqual(['r1']);
    view.apply([put(5, task('b', 'web'))]);
    await Promise.all(waits);
    expect(order).toEqual(['r1', 'r3', 'r2']);
    await view.reached(5);
  });

  test('waiting for a revision can be cancelled', async () => {
    const { view } = cached();
    const stop = new AbortController();
    const waiting = view.reached(9, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    await expect(view.reached(0, AbortSignal.abort())).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

/** A store that can be made to fail; counts what it is asked. */
class Moody implements Store {
  readonly supports = { durable: false, fencing: false, maxValueBytes: Number.POSITIVE_INFINITY };
  readonly calls = { list: 0, watch: 0 };
  failing: GantryError | undefined;
  readonly #store: Store;
  #cut = new AbortController();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Ends every watch with this error. */
  cut(error: GantryError): void {
    this.#cut.abort(error);
    this.#cut = new AbortController();
  }

  get: Store['get'] = (key, options) => this.#store.get(key, options);
  commit: Store['commit'] = (changes, options) => this.#store.commit(changes, options);

  list: Store['list'] = async (prefix, options) => {
    this.calls.list++;
    if (this.failing !== undefined) throw this.failing;
    return this.#store.list(prefix, options);
  };

  async *watch(
    prefix: string,
    options: { since: number; signal: AbortSignal },
  ): AsyncGenerator<readonly StoreEvent[]> {
    this.calls.watch++;
    if (this.failing !== undefined) throw this.failing;
    const cut = this.#cut.signal;
    yield* this.#store.watch(prefix, { ...options, signal: AbortSignal.any([options.signal, cut]) });
    if (cut.aborted) throw cut.reason;
  }
}

async function followed(options: { history?: number } = {}) {
  const clock = new TestClock();
  const memory = new MemoryStore(options);
  const store = new Moody(memory);
  const views = new StoreViews(store, clock, silentLogger);
  await memory.commit([{ key: 'tasks/before', value: task('before', 'web') }]);
  await views.start(new AbortController().signal);
  const events: string[] = [];
  views.of('task').subscribe((batch) => events.push(...batch.map(told)));
  return { clock, store, views, events };
}

describe('the views of a store', () => {
  test('start, and show all objects, although a plugin cannot read one of them for its index', async () => {
    const store = new MemoryStore();
    await store.commit([
      { key: 'lamps/old', value: { kind: 'lamp', meta: { name: 'old' }, spec: {} } },
      { key: 'lamps/new', value: { kind: 'lamp', meta: { name: 'new' }, spec: { sockets: [1] } } },
    ]);
    const warnings: unknown[] = [];
    const logger = { ...silentLogger, warn: (...all: unknown[]) => void warnings.push(all) };
    const lamp = {
      kind: 'lamp',
      plural: 'lamps',
      shortNames: [],
      namespaced: true,
      description: 'Shines.',
      claims: ({ spec }: { spec: { sockets: number[] } }) =>
        spec.sockets.map((socket) => ({ name: `socket ${socket}`, path: 'spec.sockets' })),
    } as unknown as KindDefinition;
    const views = new StoreViews(store, new TestClock(), { ...logger, child: () => logger }, [lamp]);
    await views.start(new AbortController().signal);
    const view = views.of(lamp.kind);
    expect([view.size, view.countBy('claims', 'socket 1')]).toEqual([2, 1]);
    expect(warnings).toEqual([
      ['an object cannot be indexed', expect.objectContaining({ kind: 'lamp', id: 'old', index: 'claims' })],
    ]);
    await views[Symbol.asyncDispose]();
  });

  test('show the objects present at the start, and then every change', async () => {
    const { clock, store, views, events } = await followed();
    expect(views.of('task').get('before')?.revision).toBe(1);
    await store.commit([{ key: 'tasks/a', value: task('a', 'web') }]);
    await store.commit([{ key: 'tasks/before', value: undefined }]);
    await clock.settle();
    expect(events).toEqual(['a -→2', 'before 1→-']);
    await views[Symbol.asyncDispose]();
  });

  test('read your own writes: a committed object is visible once its revision is reached', async () => {
    const { store, views } = await followed();
    const [outcome] = await store.commit([{ key: 'tasks/a', value: task('a', 'web') }]);
    await views.of('task').reached(outcome?.ok === true ? outcome.revision : 0);
    expect(views.of('task').get('a')).toBeDefined();
    await views[Symbol.asyncDispose]();
  });

  test('each kind has one list and one watch', async () => {
    const { clock, store, views } = await followed();
    await clock.settle();
    expect(store.calls).toEqual({ list: 6, watch: 6 });
    await views[Symbol.asyncDispose]();
  });

  test('list again after COMPACTED, and no subscriber misses or repeats a change', async () => {
    const { clock, store, views, events } = await followed();
    await store.commit([{ key: 'tasks/a', value: task('a', 'web') }]);
    await clock.settle();
    store.cut(new GantryError('COMPACTED', 'gone'));
    await store.commit([
      { key: 'tasks/a', value: task('a', 'web', 'n1') },
      { key: 'tasks/b', value: task('b', 'web') },
      { key: 'tasks/before', value: undefined },
    ]);
    await clock.settle();
    expect(events.toSorted()).toEqual(['a -→2', 'a 2→3', 'b -→4', 'before 1→-']);
    await store.commit([{ key: 'tasks/b', value: task('b', 'web', 'n1') }]);
    await clock.settle();
    expect(events.at(-1)).toBe('b 4→6');
    expect(events).toHaveLength(5);
    expect(clock.pending).toBe(0);
    await views[Symbol.asyncDispose]();
  });

  test('retry an unavailable store with backoff, and then follow it from the current state', async () => {
    const { clock, store, views, events } = await followed();
    store.failing = new GantryError('UNAVAILABLE', 'away');
    store.cut(store.failing);
    await clock.settle();
    const before = store.calls.list;
    await clock.advance(60_000);
    const asked = (store.calls.list - before) / 6;
    expect(asked).toBeGreaterThan(10);
    expect(asked).toBeLessThan(25);
    await store.commit([{ key: 'tasks/a', value: task('a', 'web') }]);
    expect(views.of('task').get('before')).toBeDefined();
    store.failing = undefined;
    await clock.advance(5000);
    expect(events).toEqual(['a -→2']);
    await views[Symbol.asyncDispose]();
    expect(clock.pending).toBe(0);
  });

  test('keep a listener consistent with the store under random writes and cuts', async () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = new SeededRandom(seed);
      const { clock, store, views } = await followed();
      const copy = new Map([['before', 1]]);
      views.of('task').subscribe((batch) => {
        for (const { name, before, after } of batch) {
          expect(copy.get(name)).toBe(before?.revision);
          if (after === undefined) copy.delete(name);
          else copy.set(name, after.revision);
        }
      });
      for (let step = 0; step < 30; step++) {
        const name = `t${Math.floor(random.next() * 5)}`;
        const value = random.next() < 0.3 ? undefined : task(name, 'web');
        await store.commit([{ key: `tasks/${name}`, value }]);
        const dice = random.next();
        if (dice < 0.1) store.cut(new GantryError('COMPACTED', 'gone'));
        else if (dice < 0.2) store.cut(new GantryError('UNAVAILABLE', 'away'));
        if (random.next() < 0.5) await clock.advance(random.next() * 200);
      }
      await clock.advance(10_000);
      const { entries } = await store.list('tasks/');
      expect([...copy].sort()).toEqual(entries.map(({ key, revision }) => [key.slice(6), revision]).sort());
      await views[Symbol.asyncDispose]();
    }
  });

  test('a start on a store that is away fails with its error', async () => {
    const store = new Moody(new MemoryStore());
    store.failing = new GantryError('UNAVAILABLE', 'away');
    const views = new StoreViews(store, new TestClock(), silentLogger);
    await expect(views.start(new AbortController().signal)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await views[Symbol.asyncDispose]();
  });
});
