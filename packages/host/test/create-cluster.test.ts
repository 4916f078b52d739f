import { contract, contracts, GantryError, type NodeInfo, type Plugin } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { TestClock } from '@gantry/testing';
import { describe, expect, test } from 'vitest';
import { type ClusterOptions, createCluster } from '../src/index.ts';
import { type Behaviour, base, noting, part, plugin } from './support/plugins.ts';

const first = contract<unknown>('first');
const second = contract<unknown>('second');
const never = (): Promise<void> => new Promise(() => {});
const boom = async (): Promise<void> => {
  throw new Error('boom');
};

/** A runtime and an agent for each node, noted under the node's name. */
function nodeParts(journal: string[], behave: (node: string) => Behaviour = () => ({})): Plugin[] {
  const needs = { node: contracts.node };
  const nameOf = (given: Readonly<Record<string, unknown>>): string => (given.node as NodeInfo).name;
  return [
    plugin('agent', contracts.agent, (given) => part(journal, `agent of ${nameOf(given)}`), {
      ...needs,
      runtime: contracts.runtime,
    }),
    plugin(
      'runtime',
      contracts.runtime,
      (given) => part(journal, `runtime of ${nameOf(given)}`, behave(nameOf(given))),
      needs,
    ),
  ];
}

async function compose(plugins: readonly Plugin[], options: ClusterOptions = {}) {
  const clock = new TestClock();
  const cluster = await createCluster([...base(clock), ...plugins], { nodes: 0, ...options });
  return { cluster, clock };
}

describe('a cluster', () => {
  test('is created and started in the order of needs, whatever the order of plugins', async () => {
    const journal: string[] = [];
    const { cluster } = await compose([
      noting(journal, 'last', { needs: { second } }),
      plugin('b', second, () => part(journal, 'b'), { first }),
      plugin('a', first, () => part(journal, 'a')),
    ]);
    expect(journal).toEqual(['create a', 'create b', 'create last', 'start a', 'start b', 'start last']);
    journal.length = 0;
    await cluster[Symbol.asyncDispose]();
    expect(journal).toEqual(['close last', 'close b', 'close a']);
  });

  test('closing twice is one closing, also at the same time', async () => {
    const journal: string[] = [];
    const { cluster } = await compose([noting(journal, 'x')]);
    await Promise.all([cluster[Symbol.asyncDispose](), cluster[Symbol.asyncDispose]()]);
    await cluster[Symbol.asyncDispose]();
    expect(journal.filter((line) => line === 'close x')).toHaveLength(1);
  });

  test('closes the rest despite errors and hangs, and reports all of them', async () => {
    const journal: string[] = [];
    const { cluster, clock } = await compose(
      [
        noting(journal, 'a'),
        noting(journal, 'b', { close: boom }),
        noting(journal, 'c'),
        noting(journal, 'd', { close: never }),
        noting(journal, 'e', { close: boom }),
      ],
      { closeTimeoutMs: 500 },
    );
    const closing = cluster[Symbol.asyncDispose]();
    const failed = expect(closing).rejects.toMatchObject({
      name: 'AggregateError',
      message: expect.stringContaining('3 plugin(s) failed to close'),
      errors: [
        { message: 'boom' },
        { code: 'TIMEOUT', message: 'd: close took longer than 500 ms' },
        { message: 'boom' },
      ],
    });
    await clock.advance(500);
    await failed;
    expect(journal.slice(-5)).toEqual(['close e', 'close d', 'close c', 'close b', 'close a']);
  });

  test('closes values with only Symbol.dispose too, and leaves those with neither alone', async () => {
    let closed = 0;
    const sync = { name: 'sync', [Symbol.dispose]: () => void closed++ };
    const { cluster } = await compose([
      plugin('sync', contracts.component, () => sync),
      plugin('text', contracts.controller, () => 'nothing to close'),
    ]);
    await cluster[Symbol.asyncDispose]();
    expect(closed).toBe(1);
  });

  test('wrong options are INVALID_OPTIONS with their path, before anything is built', async () => {
    const journal: string[] = [];
    for (const [options, path] of [
      [{ name: 'My Cluster' }, 'name'],
      [{ nodes: -1 }, 'nodes'],
      [{ nodes: [{ name: 'N1' }] }, 'nodes'],
      [{ startTimeoutMs: 0 }, 'startTimeoutMs'],
      [{ color: 'red' }, ''],
    ] as const) {
      await expect(compose([noting(journal, 'x')], options as ClusterOptions)).rejects.toMatchObject({
        code: 'INVALID_OPTIONS',
        issues: [{ path: expect.stringContaining(path) }],
      });
    }
    expect(journal).toEqual([]);
  });

  test('a wrong set of plugins is WIRING before anything is built', async () => {
    const journal: string[] = [];
    const lacking = noting(journal, 'x', { needs: { store: contracts.store } });
    await expect(compose([lacking])).rejects.toMatchObject({ code: 'WIRING' });
    expect(journal).toEqual([]);
  });

  test('a closed one answers CLOSED', async () => {
    const { cluster } = await compose(nodeParts([]));
    await cluster[Symbol.asyncDispose]();
    expect(() => cluster.get(contracts.clock)).toThrowError(expect.objectContaining({ code: 'CLOSED' }));
    await expect(cluster.addNode({ name: 'n9' })).rejects.toMatchObject({ code: 'CLOSED' });
    expect(cluster.nodes).toEqual([]);
  });

  test('its api is the one that the plugin provides', async () => {
    const api = {} as ClusterApi;
    const { cluster } = await compose([plugin('api', contracts.api, () => api)]);
    expect(cluster.api).toBe(api);
  });

  test('two in one process share nothing', async () => {
    const journals: string[][] = [[], []];
    const [one, two] = await Promise.all(
      journals.map((journal, index) => compose([noting(journal, `x${index}`)], { name: `c${index}` })),
    );
    const parts = [one, two].map((each) => each?.cluster.get(contracts.component)[0]);
    expect(parts.map((each) => each?.name)).toEqual(['x0', 'x1']);
    await one?.cluster[Symbol.asyncDispose]();
    expect(journals[0]).toContain('close x0');
    expect(journals[1]).not.toContain('close x1');
    expect(two?.cluster.get(contracts.component)[0]).toBe(parts[1]);
  });
});

describe('a start that fails', () => {
  test('is undone in reverse, what had not started included', async () => {
    const journal: string[] = [];
    const failing = compose([
      noting(journal, 'a'),
      noting(journal, 'b', { start: boom }),
      noting(journal, 'c'),
    ]);
    await expect(failing).rejects.toMatchObject({
      code: 'INTERNAL',
      message: 'b: start failed: boom',
      details: { plugin: 'b' },
    });
    expect(journal.slice(3)).toEqual(['start a', 'start b', 'close c', 'close b', 'close a']);
  });

  test('keeps the code of a GantryError, with its cause', async () => {
    const cause = new GantryError('UNAVAILABLE', 'no engine', { details: { socket: '/x' } });
    const failing = compose([noting([], 'a', { start: () => Promise.reject(cause) })]);
    await expect(failing).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: 'a: start failed: no engine',
      cause,
      details: { plugin: 'a', socket: '/x' },
    });
  });

  test('names a plugin that throws synchronously, without a promise, as well', async () => {
    const start = (): Promise<void> => {
      throw new Error('boom');
    };
    const broken = plugin('a', contracts.component, () => ({ name: 'a', start }));
    await expect(compose([broken])).rejects.toMatchObject({ message: 'a: start failed: boom' });
  });

  test('one that hangs is TIMEOUT with the name of the plugin', async () => {
    const journal: string[] = [];
    const clock = new TestClock();
    let told: AbortSignal | undefined;
    const hanging = noting(journal, 'b', {
      start: (signal) => {
        told = signal;
        return never();
      },
    });
    const starting = createCluster([...base(clock), noting(journal, 'a'), hanging], {
      nodes: 0,
      startTimeoutMs: 700,
    });
    const failed = expect(starting).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: 'b: start took longer than 700 ms',
    });
    await clock.advance(699);
    expect(told?.aborted).toBe(false);
    await clock.advance(1);
    await failed;
    expect(told?.aborted).toBe(true);
    expect(journal.slice(-2)).toEqual(['close b', 'close a']);
    expect(clock.pending).toBe(0);
  });

  test('names a plugin whose create throws, and closes what was built before', async () => {
    const journal: string[] = [];
    const broken = plugin('b', contracts.component, () => {
      throw new Error('boom');
    });
    await expect(compose([noting(journal, 'a'), broken])).rejects.toMatchObject({
      message: 'b: create failed: boom',
    });
    expect(journal).toEqual(['create a', 'close a']);
  });

  test('reports its own error even when closing fails too', async () => {
    const failing = compose([noting([], 'a', { close: boom }), noting([], 'b', { start: boom })]);
    await expect(failing).rejects.toMatchObject({ message: 'b: start failed: boom' });
  });

  test('the signal of the caller ends it as ABORTED', async () => {
    const stop = new AbortController();
    const journal: string[] = [];
    const clock = new TestClock();
    const plugins = [...base(clock), noting(journal, 'a'), noting(journal, 'b', { start: never })];
    const starting = createCluster(plugins, { nodes: 0, signal: stop.signal });
    const failed = expect(starting).rejects.toMatchObject({ code: 'ABORTED' });
    await clock.settle();
    stop.abort();
    await failed;
    expect(journal.slice(-2)).toEqual(['close b', 'close a']);
    expect(clock.pending).toBe(0);
  });

  test('a signal that has fired before starts nothing', async () => {
    const journal: string[] = [];
    await expect(compose([noting(journal, 'a')], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(journal).toEqual(['create a', 'close a']);
  });
});

describe('the nodes of a cluster', () => {
  test('have the requested number, each with separate components', async () => {
    const journal: string[] = [];
    const { cluster } = await compose(nodeParts(journal), { nodes: 2 });
    expect(cluster.nodes).toEqual(['node-1', 'node-2']);
    const [one, two] = cluster.nodes.map((node) => cluster.get(contracts.runtime, node));
    expect(one).not.toBe(two);
    expect(cluster.get(contracts.node, 'node-2')).toEqual({
      name: 'node-2',
      labels: {},
      capacity: {},
      role: 'worker',
    });
    expect(() => cluster.get(contracts.runtime)).toThrowError(expect.objectContaining({ code: 'WIRING' }));
    expect(() => cluster.get(contracts.runtime, 'n3')).toThrowError(
      expect.objectContaining({ code: 'NOT_FOUND' }),
    );
    await cluster[Symbol.asyncDispose]();
  });

  test('may be many: no warning of a leak', async () => {
    const warnings: string[] = [];
    const listen = ({ message }: Error): void => void warnings.push(message);
    process.on('warning', listen);
    const { cluster } = await compose(nodeParts([]), { nodes: 40 });
    await new Promise(setImmediate); // a warning is emitted in the next turn
    process.off('warning', listen);
    await cluster[Symbol.asyncDispose]();
    expect(warnings).toEqual([]);
  });

  test('start after the cluster and are closed before it', async () => {
    const journal: string[] = [];
    const { cluster } = await compose([...nodeParts(journal), noting(journal, 'x')], { nodes: 1 });
    await cluster[Symbol.asyncDispose]();
    expect(journal.filter((line) => !line.startsWith('create'))).toEqual([
      'start x',
      'start runtime of node-1',
      'start agent of node-1',
      'close agent of node-1',
      'close runtime of node-1',
      'close x',
    ]);
  });

  test('may be added with labels and capacity, and removed', async () => {
    const journal: string[] = [];
    const { cluster } = await compose(nodeParts(journal));
    await cluster.addNode({ name: 'n1', labels: { zone: 'a' }, capacity: { cpu: 100 } });
    expect(cluster.get(contracts.node, 'n1')).toEqual({
      name: 'n1',
      labels: { zone: 'a' },
      capacity: { cpu: 100 },
      role: 'worker',
    });
    await expect(cluster.addNode({ name: 'n1' })).rejects.toMatchObject({ code: 'ALREADY_EXISTS' });
    await expect(cluster.addNode({ name: 'N!' })).rejects.toMatchObject({ code: 'INVALID_OPTIONS' });
    await cluster.removeNode('n1');
    expect(journal.slice(-2)).toEqual(['close agent of n1', 'close runtime of n1']);
    expect(cluster.nodes).toEqual([]);
    await expect(cluster.removeNode('n1')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('one that fails to start is undone, and may be added again', async () => {
    const journal: string[] = [];
    let broken = true;
    const behave = (): Behaviour => (broken ? { start: boom } : {});
    const { cluster } = await compose(nodeParts(journal, behave));
    await expect(cluster.addNode({ name: 'n1' })).rejects.toMatchObject({
      message: 'runtime: start failed: boom',
    });
    expect(cluster.nodes).toEqual([]);
    expect(journal.slice(-2)).toEqual(['close agent of n1', 'close runtime of n1']);
    broken = false;
    await cluster.addNode({ name: 'n1' });
    expect(cluster.nodes).toEqual(['n1']);
  });

  test('nothing of the others is started after they were closed because one failed to start', async () => {
    const journal: string[] = [];
    const clock = new TestClock();
    const behave = (node: string): Behaviour =>
      node === 'node-1' ? { start: boom } : { start: () => clock.sleep(1000) };
    const starting = createCluster([...base(clock), ...nodeParts(journal, behave)], { nodes: 2 });
    const failed = expect(starting).rejects.toMatchObject({ message: 'runtime: start failed: boom' });
    await clock.advance(5000);
    await failed;
    expect(journal).toContain('close runtime of node-2');
    expect(journal).not.toContain('start agent of node-2');
    expect(journal.filter((line) => line === 'close runtime of node-2')).toHaveLength(1);
  });
});
