import {
  type Clock,
  contracts,
  GantryError,
  type MachineInfo,
  type NodeInfo,
  type Plugin,
  type Token,
  throwIfAborted,
} from '@gantry/core';
import { buildAll, scopeOf } from './build-scope.ts';
import { type NodeOptions, type ParsedOptions, parseNodeOptions } from './cluster-options.ts';
import { closeAll, startAll } from './lifecycle.ts';
import type { Scope } from './scope.ts';

export interface MachineParts {
  readonly plugins: readonly Plugin[];
  readonly cluster: Scope;
  readonly clock: Clock;
  readonly options: Pick<ParsedOptions, 'machine' | 'startTimeoutMs' | 'closeTimeoutMs'>;
  /** Aborts whatever is starting. */
  readonly ending: AbortSignal;
}

/** The machine that a process runs on, with the nodes that run in the process: a scope of its own, and one per node. */
export class Machine {
  readonly info: MachineInfo;
  readonly #parts: MachineParts;
  readonly #scope: Scope;
  readonly #nodes = new Map<string, Scope>();
  readonly #starting = new Set<Promise<void>>();
  readonly #role: NodeInfo['role'];

  constructor(parts: MachineParts) {
    const { plugins, cluster, options } = parts;
    this.info = options.machine;
    this.#parts = parts;
    this.#scope = scopeOf('machine', plugins, cluster, [[contracts.machine, () => this.info]]);
    this.#role = plugins.some(({ provides }) => provides.scope === 'leader') ? 'manager' : 'worker';
  }

  /** Names of the nodes. */
  get nodes(): readonly string[] {
    return [...this.#nodes.keys()];
  }

  /** An implementation of the machine, or of one of its nodes; those of the cluster are seen from both. */
  get<T>(token: Token<T>, node?: string): T {
    if (node === undefined) return this.#scope.get(token);
    return this.#nodeScope(node).get(token);
  }

  /** Builds and starts everything that exists once per machine. */
  async start(): Promise<void> {
    const { plugins, clock, options, ending } = this.#parts;
    buildAll(this.#scope, plugins, 'machine');
    await startAll(this.#scope.built, clock, { startTimeoutMs: options.startTimeoutMs, signal: ending });
  }

  /** @throws `ALREADY_EXISTS`, `INVALID_OPTIONS`, and the error of a plugin whose start failed. */
  async addNode(node: NodeOptions): Promise<void> {
    throwIfAborted(this.#parts.ending);
    const start = this.#startNode(node);
    this.#starting.add(start);
    await start.finally(() => this.#starting.delete(start));
  }

  /** Returns the errors. @throws `NOT_FOUND`. */
  async removeNode(name: string): Promise<unknown[]> {
    const scope = this.#nodeScope(name);
    this.#nodes.delete(name);
    return await this.#close(scope);
  }

  /** Closes the nodes, then the machine; returns the errors. */
  async close(): Promise<unknown[]> {
    await Promise.allSettled(this.#starting); // a node that is starting is undone by the caller of `addNode`
    const perNode = await Promise.all([...this.#nodes.values()].map((scope) => this.#close(scope)));
    this.#nodes.clear();
    return [...perNode.flat(), ...(await this.#close(this.#scope))];
  }

  async #startNode(node: NodeOptions): Promise<void> {
    const { plugins, clock, options, ending } = this.#parts;
    const info: NodeInfo = Object.freeze({ ...parseNodeOptions(node), role: this.#role });
    if (this.#nodes.has(info.name))
      throw new GantryError('ALREADY_EXISTS', `node ${info.name} runs in this process`);
    const scope = scopeOf('node', plugins, this.#scope, [[contracts.node, () => info]]);
    this.#nodes.set(info.name, scope);
    try {
      buildAll(scope, plugins, 'node');
      await startAll(scope.built, clock, { startTimeoutMs: options.startTimeoutMs, signal: ending });
    } catch (error) {
      this.#nodes.delete(info.name);
      await this.#close(scope);
      throw error;
    }
  }

  #nodeScope(name: string): Scope {
    const scope = this.#nodes.get(name);
    if (scope === undefined) throw new GantryError('NOT_FOUND', `node ${name} does not run in this process`);
    return scope;
  }

  #close(scope: Scope): Promise<unknown[]> {
    return closeAll(scope.built, this.#parts.clock, this.#parts.options.closeTimeoutMs);
  }
}
