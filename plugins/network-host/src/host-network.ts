import { contracts, definePlugin, GantryError, type Network, type Random } from '@gantry/core';
import type { Attachment, AttachRequest, NetworkStatus } from '@gantry/core/contracts';
import type { NetworkSpec, PortAddress, Protocol } from '@gantry/core/model';
import { z } from 'zod';
import { isFree } from './is-free.ts';

export interface HostNetworkSetup {
  readonly address: string;
  readonly portRange: { readonly from: number; readonly to: number };
  /**
   * Chooses where in the range to begin, so that several clusters of one host seldom try the same port at the same
   * time.
   */
  readonly random: Random;
}

const HOST = 'host';

/** The host's own network: every task shares it, so each gets ports of its own there. */
export class HostNetwork implements Network {
  readonly supports: Network['supports'] = { networks: false, protocols: ['tcp', 'udp'] };
  readonly #setup: HostNetworkSetup;
  readonly #attached = new Map<string, Promise<Attachment>>();
  /** `tcp:20000` → the task that holds it, or is about to. */
  readonly #taken = new Map<string, string>();
  /** Ports being tried: no task holds them yet, so a task that is adopted may still claim its own. */
  readonly #tried = new Set<string>();
  #next: number;

  /** Creates the network, with no port reserved. */
  constructor(setup: HostNetworkSetup) {
    this.#setup = setup;
    const { from, to } = setup.portRange;
    this.#next = from + Math.floor(setup.random.next() * (to - from + 1));
  }

  async ensure({ name }: { readonly name: string; readonly spec: NetworkSpec }): Promise<NetworkStatus> {
    if (name !== HOST) throw unsupported(`there is only the network "${HOST}", not "${name}"`);
    return { name: HOST, engineName: HOST };
  }

  async remove(name: string): Promise<void> {
    if (name === HOST) throw unsupported(`the network "${HOST}" cannot be removed`);
  }

  async list(): Promise<readonly NetworkStatus[]> {
    return [{ name: HOST, engineName: HOST }];
  }

  async attach(request: AttachRequest): Promise<Attachment> {
    const network = request.networks.find(({ name }) => name !== HOST);
    if (network !== undefined) {
      throw unsupported(`"${request.task}" asks for the network "${network.name}"; there is only "${HOST}"`);
    }
    const known = this.#attached.get(request.task);
    if (known !== undefined) return await known;
    const attaching = this.#attach(request);
    this.#attached.set(request.task, attaching);
    try {
      return await attaching;
    } catch (error) {
      await this.detach(request.task);
      throw error;
    }
  }

  async check({ task, ports }: AttachRequest): Promise<void> {
    const { address } = this.#setup;
    for (const { protocol, host } of ports) {
      const key = `${protocol}:${host}`;
      if (host === undefined || this.#taken.has(key) || (await isFree(address, protocol, host))) continue;
      // A task that is being adopted may have claimed it in the meantime.
      if (!this.#taken.has(key)) throw conflict(task, host, protocol, undefined);
    }
  }

  async detach(task: string): Promise<void> {
    this.#attached.delete(task);
    for (const [key, owner] of this.#taken) if (owner === task) this.#taken.delete(key);
  }

  async #attach(request: AttachRequest): Promise<Attachment> {
    const { address } = this.#setup;
    const ports: PortAddress[] = [];
    const env: Record<string, string> = { HOST: address };
    for (const { target, protocol, host } of request.ports) {
      const kept = request.keep?.find((port) => port.target === target && port.protocol === protocol);
      const port = await this.#reserve(request.task, protocol, host, kept?.port);
      ports.push({ target, protocol, address, port });
      env.PORT ??= String(port);
      env[`PORT_${target}`] ??= String(port);
    }
    return { networks: [], ports, publish: [], env };
  }

  async #reserve(task: string, protocol: Protocol, host: number | undefined, kept: number | undefined) {
    if (kept !== undefined) {
      // The task itself may be listening there: only another task of this cluster is an obstacle.
      if (this.#take(task, protocol, kept)) return kept;
      throw conflict(task, kept, protocol, this.#taken.get(`${protocol}:${kept}`));
    }
    if (host !== undefined) {
      if (!this.#take(task, protocol, host)) {
        throw conflict(task, host, protocol, this.#taken.get(`${protocol}:${host}`));
      }
      if (await isFree(this.#setup.address, protocol, host)) return host;
      throw conflict(task, host, protocol, undefined);
    }
    const { from, to } = this.#setup.portRange;
    for (let tries = from; tries <= to; tries++) {
      const port = this.#next;
      this.#next = port === to ? from : port + 1;
      const key = `${protocol}:${port}`;
      if (this.#taken.has(key) || this.#tried.has(key)) continue;
      this.#tried.add(key);
      const free = await isFree(this.#setup.address, protocol, port).finally(() => this.#tried.delete(key));
      if (free && this.#take(task, protocol, port)) return port;
    }
    throw new GantryError('EXHAUSTED', `network-host: no ${protocol} port from ${from} to ${to} is free`);
  }

  #take(task: string, protocol: Protocol, port: number): boolean {
    const key = `${protocol}:${port}`;
    if (this.#taken.has(key)) return false;
    this.#taken.set(key, task);
    return true;
  }
}

function unsupported(why: string): GantryError {
  return new GantryError('UNSUPPORTED', `network-host: ${why}`);
}

function conflict(task: string, port: number, protocol: Protocol, owner: string | undefined): GantryError {
  const by = owner === undefined ? 'something else on this host' : `"${owner}"`;
  const details = { reason: 'PortTaken', task, port, protocol };
  return new GantryError(
    'CONFLICT',
    `network-host: port ${port}/${protocol} of "${task}" is taken by ${by}`,
    {
      details,
    },
  );
}

const port = z.int().min(1).max(65_535);

/** Plugin: ports on the host for `contracts.network`. */
export const hostNetwork = definePlugin({
  name: 'network-host',
  provides: contracts.network,
  needs: { machine: contracts.machine, random: contracts.random },
  options: z.strictObject({
    /** Address on which tasks listen and are reached (default: the first one of the machine, or 127.0.0.1). */
    address: z.union([z.ipv4(), z.ipv6()], 'expected an IP address').optional(),
    /** Ports to hand out (default: a range that the kernel does not use for outgoing connections). */
    portRange: z
      .strictObject({ from: port, to: port })
      .refine(({ from, to }) => from <= to, 'expected from <= to')
      .default({ from: 20_000, to: 29_999 }),
  }),
  create: ({ address, portRange }, { machine, random }) =>
    new HostNetwork({ address: address ?? machine.addresses[0] ?? '127.0.0.1', portRange, random }),
});
