import { GantryError } from '@gantry/core';
import type { ClusterApi, WatchEvent } from '@gantry/core/api';
import { idOf, KIND_DEFINITIONS, type KindDefinition, type NetworkObject } from '@gantry/core/model';
import { silentLogger, TestClock } from '@gantry/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { KindHub } from '../src/watch/kind-hub.ts';
import { selectionOf } from '../src/watch/selection.ts';
import { type LineSink, Watcher } from '../src/watch/watcher.ts';

const definition = KIND_DEFINITIONS.find(({ kind }) => kind === 'network') as KindDefinition;

/** The networks of a cluster, and those who watch them. */
class Cluster {
  readonly objects = new Map<string, NetworkObject>();
  revision = 1;
  watches = 0;
  #tell: ((event: WatchEvent<NetworkObject>) => void) | undefined;
  #end: ((error?: unknown) => void) | undefined;

  readonly api = {
    list: async () => ({ items: [...this.objects.values()], revision: this.revision }),
    watch: (_kind: string, { signal }: { signal: AbortSignal }) => this.#watch(signal),
    info: async () => ({ revision: this.revision }),
  } as unknown as ClusterApi;

  put(name: string, color: string): void {
    const before = this.objects.get(name);
    const object: NetworkObject = {
      kind: 'network',
      meta: {
        name,
        namespace: 'default',
        uid: name,
        generation: 1,
        createdAt: 0,
        labels: { color },
        revision: ++this.revision,
      },
      spec: { internal: false },
    };
    this.objects.set(name, object);
    this.#tell?.({ type: before === undefined ? 'added' : 'modified', object });
  }

  delete(name: string): void {
    const before = this.objects.get(name);
    if (before === undefined) return;
    this.objects.delete(name);
    const object = { ...before, meta: { ...before.meta, revision: ++this.revision } };
    this.#tell?.({ type: 'deleted', object });
  }

  end(error?: unknown): void {
    this.#end?.(error);
  }

  async *#watch(signal: AbortSignal): AsyncIterable<readonly WatchEvent<NetworkObject>[]> {
    this.watches++;
    const queue: WatchEvent<NetworkObject>[] = [];
    let wake = (): void => {};
    let ended: { error: unknown } | undefined;
    this.#tell = (event) => {
      queue.push(event);
      wake();
    };
    this.#end = (error) => {
      ended = { error };
      wake();
    };
    signal.addEventListener('abort', () => wake());
    while (!signal.aborted) {
      while (queue.length > 0) yield queue.splice(0);
      if (ended?.error !== undefined) throw ended.error;
      if (ended !== undefined) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
}

class Sink implements LineSink {
  blocked = false;
  text = '';
  ended: unknown;

  write(lines: Buffer): void {
    this.text += lines.toString();
  }

  get lines(): { type: string; revision?: number; object: NetworkObject }[] {
    return this.text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  }
}

function hubOf(cluster: Cluster, clock: TestClock, historyBytes = 1_000_000): KindHub {
  const parts = { api: cluster.api, clock, logger: silentLogger, historyBytes, bookmarkMs: 10_000 };
  return new KindHub(definition, parts);
}

interface Joined {
  readonly sink: Sink;
  readonly watcher: Watcher;
}

/** As `serveWatch` does it. */
async function join(hub: KindHub, labels: string, since?: number): Promise<Joined> {
  await hub.open(since);
  const selection = selectionOf(definition, { labels });
  const sink = new Sink();
  let position = { next: hub.ring.after(since ?? 0), above: since ?? 0 };
  if (since === undefined) {
    const { lines, ...place } = hub.snapshot(selection);
    for (const piece of lines) sink.write(Buffer.from(piece));
    position = place;
  }
  const watcher = new Watcher(sink, selection, position, (left, why) => {
    sink.ended = why;
    hub.leave(left);
  });
  hub.join(watcher);
  return { sink, watcher };
}

const settle = async (clock: TestClock): Promise<void> => {
  await clock.advance(200);
  await clock.advance(200);
};

describe('a hub', () => {
  test('watches the cluster once, for however many watchers', async () => {
    const [cluster, clock] = [new Cluster(), new TestClock()];
    const hub = hubOf(cluster, clock);
    const joined = await Promise.all(Array.from({ length: 50 }, () => join(hub, '')));
    cluster.put('a', 'red');
    await settle(clock);
    expect(cluster.watches).toBe(1);
    const texts = new Set(joined.map(({ sink }) => sink.text));
    expect([...texts]).toHaveLength(1);
    expect(joined[0]?.sink.lines).toMatchObject([
      { type: 'added', object: { meta: { name: 'a' } } },
      { type: 'bookmark' },
    ]);
    hub.close();
  });

  test('shows each watcher, whatever its selector and start, the changes that lead to the current state', async () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      color: fc.constantFrom('red', 'blue', 'gone'),
      settle: fc.boolean(),
      joins: fc.option(fc.constantFrom('', 'color=red', 'color!=red', '!color'), { nil: undefined }),
      resume: fc.boolean(),
      block: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
        const [cluster, clock] = [new Cluster(), new TestClock()];
        cluster.put('a', 'blue');
        const hub = hubOf(cluster, clock);
        const watchers: { labels: string; joined: Joined; state: Map<string, number> }[] = [];
        for (const { name, color, settle: settles, joins, resume, block } of steps) {
          if (joins !== undefined) {
            const known = [...cluster.objects.values()].filter(
              selectionOf(definition, { labels: joins }).has,
            );
            const state = new Map(resume ? known.map(({ meta }) => [idOf(meta), meta.revision ?? 0]) : []);
            const joined = await join(hub, joins, resume ? cluster.revision : undefined);
            watchers.push({ labels: joins, joined, state });
          }
          for (const { joined } of watchers) {
            joined.sink.blocked = block;
            if (!block) hub.drained(joined.watcher);
          }
          if (color === 'gone') cluster.delete(name);
          else cluster.put(name, color);
          if (settles) await settle(clock);
        }
        for (const { joined } of watchers) {
          joined.sink.blocked = false;
          hub.drained(joined.watcher);
        }
        await settle(clock);
        for (const { labels, joined, state } of watchers) {
          let last = 0;
          for (const { type, object } of joined.sink.lines) {
            if (type === 'bookmark') continue;
            const { revision = 0 } = object.meta;
            if (type === 'deleted')
              expect(state.delete(idOf(object.meta)), 'only what is known is deleted').toBe(true);
            else {
              expect(state.has(idOf(object.meta)), `${type} tells whether it is known`).toBe(
                type === 'modified',
              );
              state.set(idOf(object.meta), revision);
            }
            if (type !== 'added') expect(revision).toBeGreaterThan(last);
            last = revision;
          }
          const wanted = [...cluster.objects.values()].filter(selectionOf(definition, { labels }).has);
          expect([...state].sort()).toEqual(wanted.map(({ meta }) => [idOf(meta), meta.revision]).sort());
        }
        hub.close();
      }),
      { numRuns: 150 },
    );
  });

  test('ends a watcher that is too far behind with COMPACTED, and no other', async () => {
    const [cluster, clock] = [new Cluster(), new TestClock()];
    const hub = hubOf(cluster, clock, 2000);
    const [slow, quick] = [await join(hub, ''), await join(hub, '')];
    slow.sink.blocked = true;
    for (let turn = 0; turn < 50; turn++) {
      cluster.put('a', 'red');
      await settle(clock);
    }
    expect(slow.sink.ended).toMatchObject({ code: 'COMPACTED' });
    expect(slow.sink.text).toBe('');
    expect(quick.sink.ended).toBeUndefined();
    expect(quick.sink.lines.filter(({ type }) => type !== 'bookmark')).toHaveLength(50);
    hub.close();
  });

  test('tells every watcher up to which revision it is complete', async () => {
    const [cluster, clock] = [new Cluster(), new TestClock()];
    const hub = hubOf(cluster, clock);
    const { sink } = await join(hub, 'color=blue');
    cluster.put('a', 'red');
    await clock.advance(10_000);
    expect(sink.lines).toEqual([{ type: 'bookmark', revision: cluster.revision }]);
    hub.close();
  });

  test('becomes idle after a while without watchers, and starts again with the next one', async () => {
    const [cluster, clock] = [new Cluster(), new TestClock()];
    const hub = hubOf(cluster, clock);
    const { watcher } = await join(hub, '');
    hub.leave(watcher);
    await clock.advance(100_000);
    expect(clock.pending).toBe(0);
    cluster.put('a', 'red');
    expect((await join(hub, '')).sink.lines).toMatchObject([
      { type: 'added', object: { meta: { name: 'a' } } },
    ]);
    expect(cluster.watches).toBe(2);
    hub.close();
    await clock.advance(100_000);
    expect(clock.pending).toBe(0);
  });

  test.each(['COMPACTED', 'UNAVAILABLE'] as const)(
    'hands on that the cluster cannot be watched: %s',
    async (code) => {
      const [cluster, clock] = [new Cluster(), new TestClock()];
      const hub = hubOf(cluster, clock);
      const { sink } = await join(hub, '');
      cluster.put('a', 'red');
      await settle(clock);
      cluster.end(new GantryError(code, 'it is gone'));
      await settle(clock);
      expect(sink.lines.map(({ type }) => type)).toEqual(['added', 'bookmark']);
      expect(sink.ended).toMatchObject({ code });
      const again = await join(hub, '');
      expect(again.sink.lines).toHaveLength(1);
      hub.close();
      expect(again.sink.ended).toBe('end');
    },
  );
});
