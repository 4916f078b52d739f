import { type Controller, contracts, type Logger } from '@gantry/core';
import type { ViewEvent } from '@gantry/core/contracts';
import type { NetworkObject } from '@gantry/core/model';
import { MemoryStore } from '@gantry/store-memory';
import { silentLogger, TestClock } from '@gantry/testing';
import { describe, expect, test } from 'vitest';
import { controllerRunner, createCluster, storeViews } from '../src/index.ts';
import { base, given } from './support/plugins.ts';

const network = (name: string): NetworkObject => ({
  kind: 'network',
  meta: { name, uid: name, generation: 1, createdAt: 0, labels: {} },
  spec: { internal: false },
});

function noting(name: string, overrides: Partial<Controller> = {}) {
  const keys: string[] = [];
  const controller: Controller = {
    name,
    watches: ['network'],
    keysFor: (event) => [event.name],
    async reconcile(key) {
      keys.push(key);
      return undefined;
    },
    ...overrides,
  };
  return { keys, controller };
}

async function run(controllers: readonly Controller[], logger: Logger = silentLogger) {
  const clock = new TestClock();
  const store = new MemoryStore();
  await store.commit([{ key: 'networks/first', value: network('first') }]);
  const cluster = await createCluster(
    [
      ...base(clock).slice(0, 2),
      given(contracts.logger, logger),
      given(contracts.store, store),
      storeViews(),
      ...controllers.map((controller, index) => ({
        ...given(contracts.controller, controller),
        name: `controller-${index}`,
      })),
      controllerRunner(),
    ],
    { nodes: 0 },
  );
  await clock.settle();
  const put = async (...names: readonly string[]): Promise<void> => {
    await store.commit(names.map((name) => ({ key: `networks/${name}`, value: network(name) })));
    await clock.settle();
  };
  return { clock, store, put, close: () => cluster[Symbol.asyncDispose]() };
}

describe('the runner of controllers', () => {
  test('gives each controller the existing objects first, and then every change', async () => {
    const [a, b] = [noting('a'), noting('b')];
    const { put, close } = await run([a.controller, b.controller]);
    await put('second', 'third');
    expect(a.keys).toEqual(['first', 'second', 'third']);
    expect(b.keys).toEqual(a.keys);
    await close();
  });

  test('a controller receives only events of the kinds it watches', async () => {
    const nodes = noting('a', { watches: ['node'] });
    const { put, close } = await run([nodes.controller]);
    await put('second');
    expect(nodes.keys).toEqual([]);
    await close();
  });

  test('a keysFor that throws harms neither its other events nor other controllers, and is named', async () => {
    const errors: unknown[] = [];
    const logger: Logger = {
      ...silentLogger,
      child: (fields) => ({
        ...logger,
        error: (message, more) => errors.push({ message, ...fields, ...more }),
      }),
    };
    const keysFor = ({ name }: ViewEvent): readonly string[] => {
      if (name === 'bad') throw new Error('boom');
      return [name];
    };
    const [a, b] = [noting('a', { keysFor }), noting('b')];
    const { put, close } = await run([a.controller, b.controller], logger);
    await put('bad', 'good');
    expect(a.keys).toEqual(['first', 'good']);
    expect(b.keys).toEqual(['first', 'bad', 'good']);
    expect(errors).toEqual([
      expect.objectContaining({ message: 'keysFor threw', controller: 'a', name: 'bad' }),
    ]);
    await close();
  });

  test('a reconcile that throws is tried again, and does not hold up others', async () => {
    let fails = 2;
    const done: string[] = [];
    const a = noting('a', {
      async reconcile(key) {
        if (key === 'first' && fails-- > 0) throw new Error('boom');
        done.push(key);
        return undefined;
      },
    });
    const { clock, put, close } = await run([a.controller]);
    await put('second');
    expect(done).toEqual(['second']);
    await clock.advance(1000);
    expect(done).toEqual(['second', 'first']);
    await close();
  });

  test('closing ends what runs, and nothing is reconciled afterwards', async () => {
    let signal: AbortSignal | undefined;
    const a = noting('a', {
      reconcile: (_key, given) => {
        signal = given;
        return new Promise((resolve) => given.addEventListener('abort', () => resolve(undefined)));
      },
    });
    const { clock, close } = await run([a.controller]);
    expect(signal?.aborted).toBe(false);
    await close();
    expect(signal?.aborted).toBe(true);
    expect(clock.pending).toBe(0);
  });
});
