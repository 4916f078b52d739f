import { contracts, definePlugin, GantryError, type Network } from '@gantry/core';
import type { Attachment, AttachRequest, NetworkStatus } from '@gantry/core/contracts';
import type { NetworkSpec, PortAddress, Protocol } from '@gantry/core/model';
import { z } from 'zod';

/** A port of the host, such as `tcp:8080`. */
type HostPort = `${Protocol}:${number}`;

const NOTHING: Attachment = Object.freeze({
  networks: Object.freeze([]),
  ports: Object.freeze([]),
  publish: Object.freeze([]),
  env: Object.freeze({}),
});
const FIRST_ADDRESS = 1;
const LAST_ADDRESS = 2 ** 24 - 2;

/**
 * A network that connects nothing. Addresses of 10.0.0.0/8 are handed out in order, so equal histories give equal
 * addresses; a task without ports and networks costs nothing.
 */
export class FakeNetwork implements Network {
  readonly supports: Network['supports'] = { networks: true, protocols: ['tcp', 'udp'] };
  readonly #networks = new Map<string, NetworkStatus>();
  readonly #attached = new Map<string, Attachment>();
  /** `tcp:8080` → the task that holds this port of the host. */
  readonly #hostPorts = new Map<string, string>();
  /** Ports of the host that programs outside of the cluster hold. */
  readonly #occupied: Set<HostPort>;
  readonly #free: string[] = [];
  #next = FIRST_ADDRESS;

  /** A network without tasks. @param occupied ports of the host that another program holds (default: none) */
  constructor(occupied: Iterable<HostPort> = []) {
    this.#occupied = new Set(occupied);
  }

  /** A program outside of the cluster takes a port of the host. */
  occupy(port: HostPort): void {
    this.#occupied.add(port);
  }

  /** That program ends. */
  release(port: HostPort): void {
    this.#occupied.delete(port);
  }

  async ensure({
    name,
    spec,
  }: {
    readonly name: string;
    readonly spec: NetworkSpec;
  }): Promise<NetworkStatus> {
    const known = this.#networks.get(name);
    if (known !== undefined) return known;
    const status = { name, engineName: `fake-${name}`, subnet: spec.subnet };
    this.#networks.set(name, status);
    return status;
  }

  async remove(name: string): Promise<void> {
    for (const [task, { networks }] of this.#attached) {
      if (networks.some((joined) => joined.name === name)) {
        throw new GantryError('CONFLICT', `network-fake: "${task}" is attached to "${name}"`);
      }
    }
    this.#networks.delete(name);
  }

  async list(): Promise<readonly NetworkStatus[]> {
    return [...this.#networks.values()];
  }

  async attach(request: AttachRequest): Promise<Attachment> {
    if (request.ports.length === 0 && request.networks.length === 0) return NOTHING;
    const known = this.#attached.get(request.task);
    if (known !== undefined) return known;
    const networks = request.networks.map(({ name, aliases }) => {
      const status = this.#networks.get(name);
      if (status === undefined)
        throw new GantryError('NOT_FOUND', `network-fake: network "${name}" not found`);
      return {
        name,
        engineName: status.engineName,
        aliases: [...new Set([request.service, `tasks.${request.service}`, ...aliases])],
      };
    });
    const publish = request.ports.flatMap(({ target, protocol, host }) =>
      host === undefined ? [] : [{ target, protocol, port: host }],
    );
    for (const { protocol, port } of publish) {
      const owner = this.#hostPorts.get(`${protocol}:${port}`);
      if (owner !== undefined) throw portTaken(`${port}/${protocol}`, `"${owner}"`);
    }
    this.#rejectOccupied(request);
    const address = request.ports.length === 0 ? '' : (request.keep?.[0]?.address ?? this.#address());
    const ports = request.ports.map(({ target, protocol }): PortAddress => {
      return { target, protocol, address, port: target };
    });
    for (const { protocol, port } of publish) this.#hostPorts.set(`${protocol}:${port}`, request.task);
    const attachment = { networks, ports, publish, env: {} };
    this.#attached.set(request.task, attachment);
    return attachment;
  }

  async check(request: AttachRequest): Promise<void> {
    this.#rejectOccupied(request);
  }

  async detach(task: string): Promise<void> {
    const attachment = this.#attached.get(task);
    if (attachment === undefined) return;
    this.#attached.delete(task);
    for (const { protocol, port } of attachment.publish) this.#hostPorts.delete(`${protocol}:${port}`);
    const address = attachment.ports[0]?.address;
    if (address !== undefined) this.#free.push(address);
  }

  #rejectOccupied({ ports }: AttachRequest): void {
    if (this.#occupied.size === 0) return;
    for (const { protocol, host } of ports) {
      if (host === undefined || this.#hostPorts.has(`${protocol}:${host}`)) continue;
      if (this.#occupied.has(`${protocol}:${host}`))
        throw portTaken(`${host}/${protocol}`, 'another program');
    }
  }

  #address(): string {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    if (this.#next > LAST_ADDRESS)
      throw new GantryError('EXHAUSTED', 'network-fake: all addresses are taken');
    const number = this.#next++;
    return `10.${number >>> 16}.${(number >>> 8) & 255}.${number & 255}`;
  }
}

function portTaken(port: string, owner: string): GantryError {
  return new GantryError('CONFLICT', `network-fake: port ${port} is taken by ${owner}`, {
    details: { reason: 'PortTaken' },
  });
}

const hostPort = z.templateLiteral([z.enum(['tcp', 'udp']), ':', z.int().min(1).max(65_535)]);

/** Plugin: a network that connects nothing, for `contracts.network`. */
export const fakeNetwork = definePlugin({
  name: 'network-fake',
  provides: contracts.network,
  options: z.strictObject({
    /** Ports of the host that programs outside of the cluster hold, such as `tcp:8080`. */
    occupied: z.array(hostPort).default([]),
  }),
  create: ({ occupied }) => new FakeNetwork(occupied),
});
