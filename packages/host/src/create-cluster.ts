import { setMaxListeners } from 'node:events';
import {
  type ClusterApi,
  type ClusterInfo,
  contracts,
  dnsLabel,
  GantryError,
  type Issue,
  type NodeInfo,
  type Plugin,
  pathOf,
  type Resources,
  type Token,
  type TokenScope,
  throwIfAborted,
} from '@gantry/core';
import { z } from 'zod';
import { checkGraph } from './check-graph.ts';
import { Leading, type TermParts } from './leading.ts';
import { closeAll, startAll } from './lifecycle.ts';
import { Scope } from './scope.ts';

const nodeSchema = z.strictObject({
  name: dnsLabel,
  labels: z.record(z.string(), z.string()).default({}),
  capacity: z.record(z.string(), z.int().min(0)).default({}),
});

const optionsSchema = z.strictObject({
  name: dnsLabel.default('gantry'),
  nodes: z.union([z.int().min(0).max(100_000), z.array(nodeSchema)]).default(1),
  startTimeoutMs: z.int().positive().default(30_000),
  closeTimeoutMs: z.int().positive().default(30_000),
  signal: z.instanceof(AbortSignal).optional(),
});

export interface NodeOptions {
  /** A DNS label. */
  readonly name: string;
  readonly labels?: Record<string, string>;
  /** Replaces what the runtime measures: millicores, bytes, counts. */
  readonly capacity?: Resources;
}

export interface ClusterOptions {
  /** A DNS label; keeps the containers and subjects of several clusters apart. Default `gantry`. */
  readonly name?: string;
  /** Nodes to run in this process: how many (`node-1`, `node-2` …), or which. Default 1. */
  readonly nodes?: number | readonly NodeOptions[];
  /** For each plugin, ms. Default 30,000. */
  readonly startTimeoutMs?: number;
  readonly closeTimeoutMs?: number;
  /** Ends the start. */
  readonly signal?: AbortSignal;
}

/** A running cluster, closed with `await using` or `Symbol.asyncDispose`. */
export interface Cluster extends AsyncDisposable {
  readonly name: string;
  readonly api: ClusterApi;
  /** Whether this process leads the cluster, as one does that has no others beside it. */
  readonly leads: boolean;
  /** Nodes that run in this process. */
  readonly nodes: readonly string[];
  /**
   * The implementation of a contract of the cluster, of its leader while this process leads (else `UNAVAILABLE`), or,
   * with a node's name, of one of its contracts.
   */
  get<T>(token: Token<T>, node?: string): T;
  /** Starts one more node in this process. */
  addNode(node: NodeOptions): Promise<void>;
  /** Closes a node of this process, as a machine that is switched off; the cluster still knows it. */
  removeNode(name: string): Promise<void>;
}

/**
 * Composes plugins into a running cluster. The whole set is checked before anything is built; then every plugin is built
 * and started in the order of their needs. A start that fails is undone.
 *
 * @throws `INVALID_OPTIONS`, `WIRING` with everything that is wrong with the set, and the error of the plugin whose start
 * failed (its name is in the message) or hung (`TIMEOUT`).
 */
export async function createCluster(
  plugins: readonly Plugin[],
  options: ClusterOptions = {},
): Promise<Cluster> {
  const { name, nodes, startTimeoutMs, closeTimeoutMs, signal } = validated(options);
  checkGraph(plugins, { given: [contracts.cluster, contracts.node], needed: [contracts.clock] });

  const role = plugins.some(({ provides }) => provides.scope === 'leader') ? 'manager' : 'worker';
  const clusterInfo: ClusterInfo = Object.freeze({ name });
  const cluster = scopeOf('cluster', plugins, undefined, [[contracts.cluster, () => clusterInfo]]);
  const clock = cluster.get(contracts.clock);
  const scopes = new Map<string, Scope>();
  const starting = new Set<Promise<void>>();
  /** Fires when the start has failed, and when the cluster is closed. */
  const stop = new AbortController();
  const ending = AbortSignal.any(signal === undefined ? [stop.signal] : [stop.signal, signal]);
  setMaxListeners(0, ending); // every starting node listens to it: many listeners are not a leak
  let closing: Promise<void> | undefined;

  const addNode = async (node: NodeOptions): Promise<void> => {
    throwIfAborted(stop.signal);
    const start = startNode(node);
    starting.add(start);
    await start.finally(() => starting.delete(start));
  };

  const startNode = async (node: NodeOptions): Promise<void> => {
    const info: NodeInfo = Object.freeze({ ...parse(nodeSchema, node, 'node'), role });
    if (scopes.has(info.name))
      throw new GantryError('ALREADY_EXISTS', `node ${info.name} runs in this process`);
    const scope = scopeOf('node', plugins, cluster, [[contracts.node, () => info]]);
    scopes.set(info.name, scope);
    try {
      buildAll(scope, plugins, 'node');
      await startAll(scope.built, clock, { startTimeoutMs, signal: ending });
    } catch (error) {
      scopes.delete(info.name);
      await closeAll(scope.built, clock, closeTimeoutMs);
      throw error;
    }
  };

  const removeNode = async (nodeName: string): Promise<void> => {
    const scope = scopes.get(nodeName);
    if (scope === undefined)
      throw new GantryError('NOT_FOUND', `node ${nodeName} does not run in this process`);
    scopes.delete(nodeName);
    raise(await closeAll(scope.built, clock, closeTimeoutMs), `node ${nodeName}`);
  };

  const leading = new Leading({
    cluster,
    elected: plugins.some(({ provides }) => provides.key === contracts.leadership.key),
    scopeOf: (parts) => scopeOf('leader', plugins, cluster, parts),
    start: (scope, until) => {
      buildAll(scope, plugins, 'leader');
      return startAll(scope.built, clock, { startTimeoutMs, signal: until });
    },
    close: (scope) => closeAll(scope.built, clock, closeTimeoutMs),
  });

  const close = async (): Promise<void> => {
    stop.abort(new GantryError('CLOSED', `cluster ${name} is closed`));
    await Promise.allSettled(starting); // a node that is starting is undone by whoever started it
    const perNode = await Promise.all(
      [...scopes.values()].map((scope) => closeAll(scope.built, clock, closeTimeoutMs)),
    );
    scopes.clear();
    const ofLeader = await leading.close();
    raise(
      [...perNode.flat(), ...ofLeader, ...(await closeAll(cluster.built, clock, closeTimeoutMs))],
      `cluster ${name}`,
    );
  };

  try {
    buildAll(cluster, plugins, 'cluster');
    await startAll(cluster.built, clock, { startTimeoutMs, signal });
    await leading.start(ending);
    await Promise.all(nodes.map(addNode));
  } catch (error) {
    await close().catch(() => undefined); // the start's own error is the one to tell
    throw error;
  }

  return {
    name,
    get api() {
      return cluster.get(contracts.api);
    },
    get leads() {
      return leading.leads;
    },
    get nodes() {
      return [...scopes.keys()];
    },
    get: (token, node) => {
      if (closing !== undefined) throw new GantryError('CLOSED', `cluster ${name} is closed`);
      if (token.scope === 'leader') return leading.get(token);
      if (node === undefined) return cluster.get(token);
      const scope = scopes.get(node);
      if (scope === undefined)
        throw new GantryError('NOT_FOUND', `node ${node} does not run in this process`);
      return scope.get(token);
    },
    addNode,
    removeNode,
    [Symbol.asyncDispose]: () => {
      closing ??= close();
      return closing;
    },
  };
}

function validated(
  options: ClusterOptions,
): Omit<z.output<typeof optionsSchema>, 'nodes'> & { nodes: NodeOptions[] } {
  const parsed = parse(optionsSchema, options, 'createCluster');
  const { nodes } = parsed;
  if (typeof nodes !== 'number') return { ...parsed, nodes };
  return { ...parsed, nodes: Array.from({ length: nodes }, (_, index) => ({ name: `node-${index + 1}` })) };
}

function parse<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues: Issue[] = result.error.issues.map((issue) => ({
    path: pathOf(issue.path),
    message: issue.message,
  }));
  const text = issues.map((issue) => `${issue.path}: ${issue.message}`).join('; ');
  throw new GantryError('INVALID_OPTIONS', `${what}: ${text}`, { issues });
}

function scopeOf(
  kind: TokenScope,
  plugins: readonly Plugin[],
  parent: Scope | undefined,
  own: TermParts,
): Scope {
  const scope = new Scope(kind, parent);
  for (const [token, build] of own) scope.bind(token, `host:${token.id}`, build);
  for (const plugin of plugins) {
    if (plugin.provides.scope !== kind) continue;
    scope.bind(plugin.provides, plugin.name, (owner) => {
      const needs = Object.fromEntries(
        Object.entries(plugin.needs).map(([key, need]) => [key, owner.get(need)]),
      );
      return plugin.create(needs);
    });
  }
  return scope;
}

function buildAll(scope: Scope, plugins: readonly Plugin[], kind: TokenScope): void {
  for (const plugin of plugins) if (plugin.provides.scope === kind) scope.get(plugin.provides);
}

function raise(errors: readonly unknown[], what: string): void {
  if (errors.length === 0) return;
  throw new AggregateError(errors, `${what}: ${errors.length} plugin(s) failed to close`);
}
