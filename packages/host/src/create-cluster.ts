import { setMaxListeners } from 'node:events';
import {
  type ClusterInfo,
  contracts,
  GantryError,
  type MachineInfo,
  type Plugin,
  type Token,
} from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { buildAll, scopeOf } from './build-scope.ts';
import { checkGraph } from './check-graph.ts';
import {
  type ClusterOptions,
  type NodeOptions,
  type ParsedOptions,
  parseClusterOptions,
} from './cluster-options.ts';
import { Leading } from './leading.ts';
import { closeAll, startAll } from './lifecycle.ts';
import { Machine } from './machine.ts';

/** The part of a cluster that one process runs, closed with `await using` or `Symbol.asyncDispose`. */
export interface ClusterMember extends AsyncDisposable {
  /** Name of the cluster. */
  readonly name: string;
  /** The machine that this process runs on. */
  readonly machine: MachineInfo;
  /** Names of the nodes that run in this process. */
  readonly nodes: readonly string[];
  /**
   * Returns the implementation of a contract of the cluster, of the machine, of the leader while this process leads (else
   * `UNAVAILABLE`), or, with the name of a node, of that node.
   */
  get<T>(token: Token<T>, node?: string): T;
  /** Starts one more node in this process. */
  addNode(node: NodeOptions): Promise<void>;
  /** Closes a node of this process, as if its machine was switched off; the cluster still knows it. */
  removeNode(name: string): Promise<void>;
}

/** A running cluster, or the part of one that has its API. */
export interface Cluster extends ClusterMember {
  /** Everything that can be asked of the cluster. */
  readonly api: ClusterApi;
  /** Whether this process leads the cluster; always true in a cluster without other servers. */
  readonly leads: boolean;
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
  return await compose(plugins, parseClusterOptions('createCluster', options));
}

/**
 * Runs a machine of a cluster whose control plane is elsewhere: its nodes and what they share. The bus in `plugins` must
 * reach the control plane.
 *
 * @throws `WIRING` also if a plugin belongs to a control plane; otherwise as {@link createCluster}.
 */
export async function joinCluster(
  plugins: readonly Plugin[],
  options: ClusterOptions = {},
): Promise<ClusterMember> {
  const parsed = parseClusterOptions('joinCluster', options);
  const controlling = plugins.filter(({ provides }) => provides.scope === 'leader');
  if (controlling.length > 0) {
    const names = controlling.map(({ name }) => name).join(', ');
    throw new GantryError(
      'WIRING',
      `joinCluster: a machine that joins a cluster does not lead it: leave out ${names}, or use createCluster`,
    );
  }
  return await compose(plugins, parsed);
}

async function compose(plugins: readonly Plugin[], options: ParsedOptions): Promise<Cluster> {
  const { name, startTimeoutMs, closeTimeoutMs, signal } = options;
  checkGraph(plugins, {
    given: [contracts.cluster, contracts.machine, contracts.node],
    needed: [contracts.clock],
  });

  const clusterInfo: ClusterInfo = Object.freeze({ name });
  const cluster = scopeOf('cluster', plugins, undefined, [[contracts.cluster, () => clusterInfo]]);
  const clock = cluster.get(contracts.clock);
  /** Fires when the start has failed, and when the cluster is closed. */
  const stop = new AbortController();
  const ending = AbortSignal.any(signal === undefined ? [stop.signal] : [stop.signal, signal]);
  setMaxListeners(0, ending); // every node that is starting listens to it
  const machine = new Machine({ plugins, cluster, clock, options, ending });
  let closing: Promise<void> | undefined;

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
    const ofMachine = await machine.close();
    const ofLeader = await leading.close();
    const ofCluster = await closeAll(cluster.built, clock, closeTimeoutMs);
    raise([...ofMachine, ...ofLeader, ...ofCluster], `cluster ${name}`);
  };

  try {
    buildAll(cluster, plugins, 'cluster');
    await startAll(cluster.built, clock, { startTimeoutMs, signal });
    await leading.start(ending);
    await machine.start();
    await Promise.all(options.nodes.map((node) => machine.addNode(node)));
  } catch (error) {
    await close().catch(() => undefined); // the error of the start is the one to report
    throw error;
  }

  return {
    name,
    machine: machine.info,
    get api() {
      return cluster.get(contracts.api);
    },
    get leads() {
      return leading.leads;
    },
    get nodes() {
      return machine.nodes;
    },
    get: (token, node) => {
      if (closing !== undefined) throw new GantryError('CLOSED', `cluster ${name} is closed`);
      if (token.scope === 'leader') return leading.get(token);
      return machine.get(token, node);
    },
    addNode: (node) => machine.addNode(node),
    removeNode: async (node) => raise(await machine.removeNode(node), `node ${node}`),
    [Symbol.asyncDispose]: () => {
      closing ??= close();
      return closing;
    },
  };
}

function raise(errors: readonly unknown[], what: string): void {
  if (errors.length === 0) return;
  throw new AggregateError(errors, `${what}: ${errors.length} plugin(s) failed to close`);
}
