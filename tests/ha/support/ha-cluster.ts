import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type RemoteCluster } from '@gantry/client/node';
import { contracts, isGantryError, type Store } from '@gantry/core';
import { STORE_KEYS } from '@gantry/core/model';
import { type Cluster, createCluster } from '@gantry/host';
import { dockerRuntime } from '@gantry/runtime-docker';
import { processRuntime } from '@gantry/runtime-process';
import { jsonLogger, systemClock, systemRandom } from '@gantry/system';
import type { Noted, PartConfig, StoreConfig } from './part-config.ts';
import { PartProcess } from './part-process.ts';
import { storeOf } from './store-of.ts';

export interface HaOptions {
  readonly nats: readonly string[];
  readonly store: StoreConfig;
  readonly servers?: number;
  readonly agents?: number;
  readonly runtime?: 'process' | 'docker' | 'fake';
  readonly leaseMs?: number;
  /** Another way to NATS or to the store, for one server or agent. */
  readonly ways?: (part: string) => { readonly nats?: readonly string[]; readonly store?: StoreConfig };
}

const LOOK_MS = 20;

/** A cluster of real processes: servers, one of which leads, and agents; and read access to its store. */
export class HaCluster implements AsyncDisposable {
  readonly servers: readonly PartProcess[];
  readonly agents: readonly PartProcess[];
  readonly leaseMs: number;
  readonly #token: string;
  readonly #folder: string;
  readonly #outside: Cluster;
  readonly #clients = new Map<string, RemoteCluster>();

  private constructor(options: HaOptions, folder: string, outside: Cluster) {
    const { servers = 3, agents = 3, runtime = 'process', leaseMs = 3000, ways = () => ({}) } = options;
    this.leaseMs = leaseMs;
    this.#folder = folder;
    this.#outside = outside;
    this.#token = `gantry_${randomBytes(24).toString('hex')}`;
    const cluster = `ha-${randomBytes(4).toString('hex')}`;
    const part = (config: PartConfig): PartProcess => {
      const name = config.role === 'server' ? config.identity : config.node;
      return new PartProcess({ ...config, ...ways(name) } as PartConfig);
    };
    const { nats, store } = options;
    this.servers = Array.from({ length: servers }, (_, index) =>
      part({
        role: 'server',
        cluster,
        identity: `s${index + 1}`,
        nats,
        store,
        leaseMs,
        token: this.#token,
        journal: join(folder, `journal-${index + 1}`),
      }),
    );
    this.agents = Array.from({ length: agents }, (_, index) => {
      const node = `a${index + 1}`;
      const address = `127.0.0.${index + 11}`;
      return part({ role: 'agent', cluster, node, nats, runtime, dir: join(folder, node), address });
    });
  }

  static async start(options: HaOptions): Promise<HaCluster> {
    const folder = await mkdtemp(join(tmpdir(), 'gantry-ha-'));
    const machine = [systemClock(), systemRandom(), jsonLogger({ level: 'error' })];
    const outside = await createCluster([...machine, storeOf(options.store)], { nodes: 0 });
    const ha = new HaCluster(options, folder, outside);
    for (const each of [...ha.servers, ...ha.agents]) each.start();
    try {
      await Promise.all([...ha.servers, ...ha.agents].map((each) => each.ready()));
    } catch (error) {
      await ha[Symbol.asyncDispose]();
      throw error;
    }
    return ha;
  }

  /** The test's own. */
  get store(): Store {
    return this.#outside.get(contracts.store);
  }

  /** Where the agents keep the records of their tasks. */
  get folders(): readonly string[] {
    return this.agents.flatMap(({ config }) => (config.role === 'agent' ? [config.dir] : []));
  }

  /** The API of a server that runs. */
  api(server = this.servers.find(({ runs }) => runs) as PartProcess): RemoteCluster {
    const known = this.#clients.get(server.url);
    if (known !== undefined) return known;
    const client = connect({ url: server.url, token: this.#token });
    this.#clients.set(server.url, client);
    return client;
  }

  /** The server that holds the lease, as the store has it. */
  async leader(): Promise<PartProcess | undefined> {
    const entry = await this.store.get(STORE_KEYS.lease);
    const { holder = '' } = (entry?.value ?? {}) as { holder?: string };
    return this.servers.find(({ name }) => holder.startsWith(`${name}-`));
  }

  /** The number of the last term, and the revision of its beginning. */
  async term(): Promise<{ readonly number: number; readonly revision: number }> {
    const entry = await this.store.get(STORE_KEYS.term);
    const { number = 0 } = (entry?.value ?? {}) as { number?: number };
    return { number, revision: entry?.revision ?? 0 };
  }

  /** Writes that were acknowledged to parts of a leader, of all servers. */
  async journal(): Promise<readonly Noted[]> {
    const texts = await Promise.all(
      this.servers.map((_, index) =>
        readFile(join(this.#folder, `journal-${index + 1}`), 'utf8').catch(() => ''),
      ),
    );
    return texts.flatMap((text) =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Noted),
    );
  }

  /**
   * Polls until a condition holds; outages do not count as an answer. `what`: the awaited condition, and what was seen
   * instead.
   */
  async until<T>(
    look: () => Promise<T | undefined | false>,
    what: string | (() => string),
    timeoutMs = 120_000,
  ): Promise<T> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = await look().catch((error: unknown) => {
        if (isGantryError(error, 'UNAVAILABLE', 'TIMEOUT', 'CLOSED', 'CONFLICT', 'NOT_FOUND'))
          return undefined;
        throw error;
      });
      if (found !== undefined && found !== false) return found;
      if (performance.now() > deadline) {
        const missed = typeof what === 'string' ? what : what();
        throw new Error(`waited ${timeoutMs} ms for ${missed}${this.told()}`);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** What the parts have complained of last. */
  told(): string {
    return [...this.servers, ...this.agents]
      .filter(({ errors }) => errors !== '')
      .map(({ name, errors }) => `\n--- ${name}\n${errors}`)
      .join('');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [...this.servers, ...this.agents]) if (each.runs) each.signal('SIGCONT');
    await Promise.all([...this.#clients.values()].map((client) => client[Symbol.asyncDispose]()));
    await Promise.all([...this.agents, ...this.servers].map((each) => each.end()));
    await Promise.all(this.agents.map(({ config }) => removeTasks(config)));
    await this.#outside[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Takes away what an agent that was killed has left running. */
async function removeTasks(config: PartConfig): Promise<void> {
  if (config.role !== 'agent' || config.runtime === 'fake') return;
  const { cluster, node, dir, runtime } = config;
  const plugin = runtime === 'docker' ? dockerRuntime() : processRuntime({ dir });
  const machine = [systemClock(), systemRandom(), jsonLogger({ level: 'error' })];
  await using holder = await createCluster([...machine, plugin], { name: cluster, nodes: [{ name: node }] });
  const left = holder.get(contracts.runtime, node);
  await Promise.all((await left.list()).map(({ task }) => left.remove(task)));
}
