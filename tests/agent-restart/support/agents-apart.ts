import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { natsBus } from '@gantry/bus-nats';
import { contracts, isGantryError, type Store } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { type Cluster, createCluster } from '@gantry/host';
import { server } from '@gantry/presets';
import { memoryStore } from '@gantry/store-memory';
import { type NatsServer, startNats } from '../../support/nats-server.ts';
import { AgentProcess } from './agent-process.ts';
import { guard } from './guard.ts';
import { ReportGate } from './report-gate.ts';
import type { RuntimeName } from './workload.ts';

/** Longer than an agent takes to come back on a busy machine: its tasks would be replaced elsewhere, and rightly so. */
const DOWN_AFTER_MS = 60_000;
const PATIENCE_MS = 120_000;
const LOOK_MS = 50;

/** A server in this process, and two agents in processes of their own, which reach it over NATS. */
export class AgentsApart implements AsyncDisposable {
  readonly agents: readonly AgentProcess[];
  readonly name: string;
  readonly reports: ReportGate;
  readonly #nats: NatsServer;
  readonly #guard: AsyncDisposable;
  readonly #server: Cluster;

  private constructor(parts: {
    readonly nats: NatsServer;
    readonly folder: string;
    readonly cluster: Cluster;
    readonly reports: ReportGate;
    readonly guard: AsyncDisposable;
    readonly runtime: RuntimeName;
    readonly name: string;
  }) {
    const { nats, folder, cluster, reports, runtime, name } = parts;
    this.#nats = nats;
    this.reports = reports;
    this.#guard = parts.guard;
    this.#server = cluster;
    this.name = name;
    this.agents = ['a1', 'a2'].map((node, index) => {
      const address = `127.0.0.${index + 11}`;
      return new AgentProcess({
        cluster: name,
        node,
        nats: nats.url,
        runtime,
        dir: join(folder, node),
        address,
      });
    });
  }

  static async start(runtime: RuntimeName): Promise<AgentsApart> {
    const name = `apart-${randomBytes(4).toString('hex')}`;
    const nats = await startNats();
    const folder = await mkdtemp(join(tmpdir(), 'gantry-agents-'));
    const guarded = guard({ cluster: name, runtime, folders: [folder, storeDirOf(nats)] });
    const reports = new ReportGate(natsBus({ servers: [nats.url] }));
    const controlPlane = { downAfterMs: DOWN_AFTER_MS };
    const plugins = server({ store: memoryStore(), bus: reports.plugin, controlPlane });
    const cluster = await createCluster(plugins, { name, nodes: 0 });
    const apart = new AgentsApart({ nats, folder, cluster, reports, guard: guarded, runtime, name });
    try {
      await apart.startAgents();
      return apart;
    } catch (error) {
      await apart[Symbol.asyncDispose]();
      throw error;
    }
  }

  get api(): ClusterApi {
    return this.#server.api;
  }

  get store(): Store {
    return this.#server.get(contracts.store);
  }

  /** Resolves once they have registered, and have their assignments. */
  async startAgents(): Promise<void> {
    for (const agent of this.agents) agent.start();
    await Promise.all(this.agents.map((agent) => agent.ready()));
  }

  /** Asks until something holds. `seen` tells how far it is, should it not come to that. */
  async until<T>(
    look: () => Promise<T | undefined | false>,
    what: string,
    seen: () => string = () => '',
    timeoutMs = PATIENCE_MS,
  ): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = await look().catch((error: unknown) => {
        if (isGantryError(error, 'UNAVAILABLE', 'TIMEOUT', 'NOT_FOUND')) return undefined;
        throw error;
      });
      if (found !== undefined && found !== false) return found;
      if (performance.now() > deadline) {
        const told = this.agents.map(({ config, errors }) => `\n--- ${config.node}\n${errors}`).join('');
        throw new Error(`waited ${timeoutMs} ms for ${what}\n${seen()}${told}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.agents.map((agent) => agent.end('SIGKILL')));
    await this.#server[Symbol.asyncDispose]();
    await this.#nats[Symbol.asyncDispose]();
    await this.#guard[Symbol.asyncDispose]();
  }
}

/** The folder that a NATS server was told to use. */
function storeDirOf({ daemon }: NatsServer): string {
  const words = readFileSync(`/proc/${daemon.pid}/cmdline`, 'utf8').split('\0');
  return words[words.indexOf('--store_dir') + 1] ?? '';
}
