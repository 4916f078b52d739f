import { contracts, definePlugin, GantryError, type Lifecycle, type Network } from '@gantry/core';
import type { Attachment, AttachRequest, JoinedNetwork, NetworkStatus } from '@gantry/core/contracts';
import { idBeside, type NetworkSpec, parseId, shortName } from '@gantry/core/model';
import Docker, { type NetworkInspectInfo } from 'dockerode';
import { z } from 'zod';
import { engineError, statusOf } from './engine-error.ts';
import { HostPorts } from './host-ports.ts';
import { QuietAgent } from './quiet-agent.ts';

export interface DockerNetworkSetup {
  readonly cluster: string;
  readonly socketPath?: string | undefined;
  readonly timeoutMs: number;
}

const LABELS = Object.freeze({ cluster: 'gantry.cluster', network: 'gantry.network' });
/** The network joined by tasks that name none. */
const DEFAULT = 'default';
const MAX_CALLS = 4;
/** Longer network names are shortened; the engine has no limit of its own, but other tools do. */
const MAX_NAME = 128;

/** A bridge network of the engine for each network of the cluster; tasks are reached at their own addresses. */
export class DockerNetwork implements Network, Lifecycle {
  readonly supports: Network['supports'] = { networks: true, protocols: ['tcp', 'udp'] };
  readonly #setup: DockerNetworkSetup;
  readonly #agent = new QuietAgent({ keepAlive: true, maxSockets: MAX_CALLS });
  readonly #docker: Docker;
  /** Networks being looked up or created, so that concurrent callers lead to one request to the engine. */
  readonly #ensuring = new Map<string, Promise<NetworkStatus>>();
  readonly #ensured = new Map<string, NetworkStatus>();
  readonly #attached = new Map<string, Attachment>();
  readonly #hostPorts: HostPorts;
  #closed = false;

  /** Creates the network; it connects to the engine in `start`. */
  constructor(setup: DockerNetworkSetup) {
    this.#setup = setup;
    const { socketPath, timeoutMs } = setup;
    const options = {
      ...(socketPath === undefined ? {} : { socketPath }),
      agent: this.#agent,
      timeout: timeoutMs,
    };
    this.#docker = new Docker(options as unknown as Docker.DockerOptions);
    this.#hostPorts = new HostPorts({ docker: this.#docker, label: `${LABELS.cluster}=${setup.cluster}` });
  }

  /** Creates the network that tasks without networks join, and finds those left by an earlier run. */
  async start(): Promise<void> {
    for (const { name, engineName, subnet } of await this.list()) {
      this.#ensured.set(name, { name, engineName, subnet });
    }
    await this.#ensure(DEFAULT, { internal: false });
  }

  async ensure({
    name,
    spec,
  }: {
    readonly name: string;
    readonly spec: NetworkSpec;
  }): Promise<NetworkStatus> {
    this.#enter();
    return await this.#ensure(name, spec);
  }

  async remove(name: string): Promise<void> {
    this.#enter();
    for (const [task, { networks }] of this.#attached) {
      if (networks.some((joined) => joined.name === name)) {
        throw new GantryError('CONFLICT', `network-docker: "${task}" is attached to "${name}"`);
      }
    }
    this.#ensured.delete(name);
    await this.#remove(this.#engineName(name));
  }

  /** The networks, except the default one that every cluster has. */
  async list(): Promise<readonly NetworkStatus[]> {
    this.#enter();
    const networks = await this.#ours();
    return networks.map(statusIn).filter(({ name }) => parseId(name).name !== DEFAULT);
  }

  async attach(request: AttachRequest): Promise<Attachment> {
    this.#enter();
    const known = this.#attached.get(request.task);
    if (known !== undefined) return known;
    const networks: JoinedNetwork[] = [];
    for (const { name, aliases } of request.networks) {
      const status = this.#ensured.get(name);
      if (status === undefined) {
        throw new GantryError('NOT_FOUND', `network-docker: network "${name}" not found`);
      }
      networks.push({ name, engineName: status.engineName, aliases: aliasesOf(request.service, aliases) });
    }
    if (networks.length === 0) {
      const name = idBeside(request.task, DEFAULT);
      const { engineName } = await this.#ensure(name, { internal: false });
      networks.push({ name, engineName, aliases: aliasesOf(request.service) });
    }
    // A concurrent call for the same task may have completed first.
    return this.#attached.get(request.task) ?? this.#attach(request, networks);
  }

  async check(request: AttachRequest): Promise<void> {
    this.#enter();
    await this.#hostPorts.check(request);
  }

  async detach(task: string): Promise<void> {
    const attachment = this.#attached.get(task);
    this.#attached.delete(task);
    this.#hostPorts.release(attachment?.publish ?? []);
  }

  /** Removes networks without tasks. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      for (const { Name } of await this.#ours()) await this.#remove(Name).catch(() => undefined);
    } catch {
      // The engine is unavailable: the next run finds them by their labels.
    } finally {
      this.#agent.destroy();
    }
  }

  #attach(request: AttachRequest, networks: readonly JoinedNetwork[]): Attachment {
    const publish = request.ports.flatMap(({ target, protocol, host }) =>
      host === undefined ? [] : [{ target, protocol, port: host }],
    );
    this.#hostPorts.take(request.task, publish);
    const attachment = { networks, ports: [], publish, env: {} };
    this.#attached.set(request.task, attachment);
    return attachment;
  }

  async #ensure(name: string, spec: NetworkSpec): Promise<NetworkStatus> {
    let ensuring = this.#ensuring.get(name);
    if (ensuring === undefined) {
      ensuring = this.#make(name, spec).finally(() => this.#ensuring.delete(name));
      this.#ensuring.set(name, ensuring);
    }
    const status = await ensuring;
    this.#ensured.set(name, status);
    return status;
  }

  async #make(name: string, spec: NetworkSpec): Promise<NetworkStatus> {
    const engineName = this.#engineName(name);
    const there = await this.#find(engineName);
    if (there !== undefined) {
      if (there.Labels?.[LABELS.cluster] !== this.#setup.cluster) {
        throw new GantryError('CONFLICT', `network-docker: "${engineName}" is not a network of this cluster`);
      }
      if (isSame(there, spec)) return statusIn(there);
      await this.#remove(engineName);
    }
    try {
      await this.#docker.createNetwork({
        Name: engineName,
        CheckDuplicate: true,
        Driver: 'bridge',
        Internal: spec.internal,
        Labels: { [LABELS.cluster]: this.#setup.cluster, [LABELS.network]: name },
        ...(spec.subnet === undefined ? {} : { IPAM: { Config: [{ Subnet: spec.subnet }] } }),
        ...(spec.subnet?.includes(':') ? { EnableIPv6: true } : {}),
      });
    } catch (error) {
      // Another process of this cluster was faster.
      if (statusOf(error) !== 409) throw engineError(error, `make the network "${name}"`);
    }
    const made = await this.#find(engineName);
    if (made !== undefined) return statusIn(made);
    throw new GantryError('CONFLICT', `network-docker: "${name}" was removed while it was made`);
  }

  async #remove(engineName: string): Promise<void> {
    try {
      await this.#docker.getNetwork(engineName).remove();
    } catch (error) {
      if (statusOf(error) !== 404) throw engineError(error, `remove the network "${engineName}"`);
    }
  }

  /**
   * The network of that name. The engine may let several processes create it concurrently: the last of them then sees
   * all of them here, and every process keeps the oldest.
   */
  async #find(engineName: string): Promise<NetworkInspectInfo | undefined> {
    const named = (await this.#search({ name: [engineName] })).filter(({ Name }) => Name === engineName);
    const [oldest, ...surplus] = named.toSorted((a, b) => order(a, b));
    for (const { Id, Labels } of surplus)
      if (Labels?.[LABELS.cluster] === this.#setup.cluster) await this.#remove(Id);
    return oldest;
  }

  async #ours(): Promise<readonly NetworkInspectInfo[]> {
    return await this.#search({ label: [`${LABELS.cluster}=${this.#setup.cluster}`] });
  }

  async #search(
    filters: Readonly<Record<string, readonly string[]>>,
  ): Promise<readonly NetworkInspectInfo[]> {
    try {
      return await this.#docker.listNetworks({ filters: JSON.stringify(filters) });
    } catch (error) {
      throw engineError(error, 'list networks');
    }
  }

  #engineName(name: string): string {
    // `team.a` of the default namespace is another network than `a` of the namespace `team`; no namespace is called `_`.
    const isAmbiguous = !name.includes('/') && name.includes('.');
    const unique = isAmbiguous ? `_.${name}` : name.replace('/', '.');
    return shortName(`gantry-${this.#setup.cluster}-${unique}`, MAX_NAME);
  }

  #enter(): void {
    if (this.#closed) throw new GantryError('CLOSED', 'network-docker: the network is closed');
  }
}

function statusIn(info: NetworkInspectInfo): NetworkStatus {
  const name = info.Labels?.[LABELS.network] ?? info.Name;
  return { name, engineName: info.Name, subnet: info.IPAM?.Config?.[0]?.Subnet };
}

function order(a: NetworkInspectInfo, b: NetworkInspectInfo): number {
  return Date.parse(a.Created) - Date.parse(b.Created) || (a.Id < b.Id ? -1 : 1);
}

function isSame(info: NetworkInspectInfo, spec: NetworkSpec): boolean {
  const subnet = info.IPAM?.Config?.[0]?.Subnet;
  return info.Internal === spec.internal && (spec.subnet === undefined || spec.subnet === subnet);
}

/** DNS names of a task: as in Swarm, `tasks.web` stands for the addresses of all tasks of `web`. */
function aliasesOf(service: string, more: readonly string[] = []): readonly string[] {
  return unique(service, `tasks.${service}`, ...more);
}

function unique(...names: readonly string[]): readonly string[] {
  return [...new Set(names)];
}

/** Plugin: bridge networks of a Docker engine for `contracts.network`. */
export const dockerNetwork = definePlugin({
  name: 'network-docker',
  provides: contracts.network,
  needs: { cluster: contracts.cluster },
  options: z.strictObject({
    /** Socket of the engine (default: `DOCKER_HOST`, or else the usual socket). */
    socketPath: z.string().startsWith('/', 'expected an absolute path').optional(),
    timeoutMs: z.int().min(1000).default(30_000),
  }),
  create: (options, { cluster }) => new DockerNetwork({ ...options, cluster: cluster.name }),
});
