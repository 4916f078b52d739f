import { GantryError, type Network } from '@gantry/core';
import type { Attachment, AttachRequest, JoinedNetwork, NetworkStatus } from '@gantry/core/contracts';
import type { PortAddress } from '@gantry/core/model';
import type { Fixture, NetworkSubject } from '@gantry/testing';

/** A plain and right network in memory, made to be broken. */
export class PlainNetwork implements Network {
  readonly supports: Network['supports'] = { networks: true, protocols: ['tcp', 'udp'] };
  readonly networks = new Map<string, NetworkStatus>();
  readonly attached = new Map<string, Attachment>();
  readonly hostPorts = new Map<string, string>();
  readonly occupied = new Set<string>();
  next = 1000;
  closed = false;

  enter(): void {
    if (this.closed) throw new GantryError('CLOSED', 'closed');
  }

  async ensure({ name }: { readonly name: string }): Promise<NetworkStatus> {
    this.enter();
    if (!this.supports.networks) throw new GantryError('UNSUPPORTED', name);
    const status = this.networks.get(name) ?? { name, engineName: `plain-${name}` };
    this.networks.set(name, status);
    return status;
  }

  async remove(name: string): Promise<void> {
    const used = [...this.attached.values()].some((one) =>
      one.networks.some((joined) => joined.name === name),
    );
    if (used) throw new GantryError('CONFLICT', name);
    this.networks.delete(name);
  }

  async list(): Promise<readonly NetworkStatus[]> {
    this.enter();
    return [...this.networks.values()];
  }

  async attach(request: AttachRequest): Promise<Attachment> {
    return this.attached.get(request.task) ?? this.begin(request);
  }

  begin(request: AttachRequest): Attachment {
    if (request.networks.length > 0 && !this.supports.networks)
      throw new GantryError('UNSUPPORTED', 'networks');
    const networks = request.networks.map((one) => this.join(request, one));
    for (const { protocol, host } of request.ports) {
      if (this.hostPorts.has(`${protocol}:${host}`)) throw new GantryError('CONFLICT', String(host));
    }
    const ports = request.ports.map(({ target, protocol, host }): PortAddress => {
      if (host !== undefined) this.hostPorts.set(`${protocol}:${host}`, request.task);
      const kept = request.keep?.find((port) => port.target === target && port.protocol === protocol);
      return kept ?? { target, protocol, address: '10.0.0.1', port: host ?? this.port() };
    });
    const attachment = { networks, ports, publish: [], env: {} };
    this.attached.set(request.task, attachment);
    return attachment;
  }

  join({ service }: AttachRequest, { name, aliases }: AttachRequest['networks'][number]): JoinedNetwork {
    const status = this.networks.get(name);
    if (status === undefined) throw new GantryError('NOT_FOUND', name);
    return {
      name,
      engineName: status.engineName,
      aliases: [...new Set([service, `tasks.${service}`, ...aliases])],
    };
  }

  port(): number {
    return this.next++;
  }

  async check({ ports }: AttachRequest): Promise<void> {
    for (const { protocol, host } of ports) {
      const key = `${protocol}:${host}`;
      if (!this.hostPorts.has(key) && this.occupied.has(key)) {
        throw new GantryError('CONFLICT', key, { details: { reason: 'PortTaken' } });
      }
    }
  }

  async detach(task: string): Promise<void> {
    this.attached.delete(task);
    for (const [key, owner] of this.hostPorts) if (owner === task) this.hostPorts.delete(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
  }
}

export function networkFixture(network: PlainNetwork): Fixture<NetworkSubject> {
  return {
    subject: {
      network,
      freePorts: async (count) => Array.from({ length: count }, (_, index) => 9000 + index),
      occupy: async (port, protocol) => {
        network.occupied.add(`${protocol}:${port}`);
        return () => void network.occupied.delete(`${protocol}:${port}`);
      },
    },
  };
}
