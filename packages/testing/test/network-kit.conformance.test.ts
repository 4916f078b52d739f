import { GantryError } from '@gantry/core';
import type { Attachment, AttachRequest, JoinedNetwork, NetworkStatus } from '@gantry/core/contracts';
import { type NetworkSubject, networkKit, type Wreck } from '@gantry/testing';
import { sabotage } from '@gantry/testing/vitest';
import { networkFixture, PlainNetwork } from './support/plain-network.ts';

function wreck(name: string, caughtBy: string, Broken: new () => PlainNetwork): Wreck<NetworkSubject> {
  return { name, caughtBy, make: () => networkFixture(new Broken()) };
}

const wrecks = [
  wreck(
    'opens ports that were not requested',
    'attach answers for ports of the request only',
    class extends PlainNetwork {
      override begin(request: AttachRequest): Attachment {
        const ssh = { target: 22, protocol: 'tcp' } as const;
        return super.begin({ ...request, ports: [...request.ports, ssh] });
      }
    },
  ),
  wreck(
    'attaches again each time',
    'a repeated attach gives the same attachment, also concurrently',
    class extends PlainNetwork {
      override async attach(request: AttachRequest): Promise<Attachment> {
        return this.begin(request);
      }
    },
  ),
  wreck(
    'hands out the same port to all',
    'no two tasks get the same address and port, even if many attach concurrently',
    class extends PlainNetwork {
      override port(): number {
        return 1000;
      }
    },
  ),
  wreck(
    'detaches everyone',
    'detaching a task again or an unknown one changes nothing',
    class extends PlainNetwork {
      override async detach(): Promise<void> {
        this.attached.clear();
      }
    },
  ),
  wreck(
    'throws when it detaches an unknown task',
    'detaching a task again or an unknown one changes nothing',
    class extends PlainNetwork {
      override async detach(task: string): Promise<void> {
        if (!this.attached.has(task)) throw new GantryError('NOT_FOUND', task);
        await super.detach(task);
      }
    },
  ),
  wreck(
    'ignores the host port it is asked for',
    'a port in host mode is the requested one',
    class extends PlainNetwork {
      override begin(request: AttachRequest): Attachment {
        return super.begin({ ...request, ports: request.ports.map(({ host: _, ...port }) => port) });
      }
    },
  ),
  wreck(
    'gives a host port to everyone who asks',
    'a host port that another task has is CONFLICT, until that one is detached',
    class extends PlainNetwork {
      override begin(request: AttachRequest): Attachment {
        this.hostPorts.clear();
        return super.begin(request);
      }
    },
  ),
  wreck(
    'does not give host ports back',
    'a host port that another task has is CONFLICT, until that one is detached',
    class extends PlainNetwork {
      override async detach(task: string): Promise<void> {
        this.attached.delete(task);
      }
    },
  ),
  wreck(
    'keeps what a failed attach had taken',
    'an attach that fails reserves nothing',
    class extends PlainNetwork {
      override begin(request: AttachRequest): Attachment {
        try {
          return super.begin(request);
        } catch (error) {
          for (const { protocol, host } of request.ports)
            this.hostPorts.set(`${protocol}:${host}`, request.task);
          throw error;
        }
      }
    },
  ),
  wreck(
    'gives an adopted task another port',
    'a task that is adopted keeps the addresses it has',
    class extends PlainNetwork {
      override begin({ keep: _, ...request }: AttachRequest): Attachment {
        return super.begin(request);
      }
    },
  ),
  wreck(
    'does not tell TCP from UDP',
    'TCP and UDP ports of one number are two',
    class extends PlainNetwork {
      override begin(request: AttachRequest): Attachment {
        return super.begin({
          ...request,
          ports: request.ports.map((port) => ({ ...port, protocol: 'tcp' })),
        });
      }
    },
  ),
  wreck(
    'does not check host ports',
    'check fails with CONFLICT and PortTaken while another program holds a host port',
    class extends PlainNetwork {
      override async check(): Promise<void> {}
    },
  ),
  wreck(
    'gives no reason when a check fails',
    'check fails with CONFLICT and PortTaken while another program holds a host port',
    class extends PlainNetwork {
      override async check(request: AttachRequest): Promise<void> {
        await super.check(request).catch((error) => {
          throw new GantryError('CONFLICT', error.message);
        });
      }
    },
  ),
  wreck(
    'checks the first host port only',
    'check fails with CONFLICT and PortTaken while another program holds a host port',
    class extends PlainNetwork {
      override async check(request: AttachRequest): Promise<void> {
        await super.check({ ...request, ports: request.ports.slice(0, 1) });
      }
    },
  ),
  wreck(
    'objects to the host ports of tasks',
    'check does not object to a host port of another task, even while that task listens on it',
    class extends PlainNetwork {
      override async check(request: AttachRequest): Promise<void> {
        this.hostPorts.clear();
        await super.check(request);
      }
    },
  ),
  wreck(
    'reserves host ports in check',
    'check reserves nothing',
    class extends PlainNetwork {
      override async check({ task, ports }: AttachRequest): Promise<void> {
        for (const { protocol, host } of ports) this.hostPorts.set(`${protocol}:${host}`, task);
      }
    },
  ),
  wreck(
    'attaches in check',
    'check reserves nothing',
    class extends PlainNetwork {
      override async check(request: AttachRequest): Promise<void> {
        await this.attach(request);
      }
    },
  ),
  wreck(
    'checks a UDP port like a TCP port',
    'check distinguishes TCP from UDP, and ignores ports that are not of the host',
    class extends PlainNetwork {
      override async check(request: AttachRequest): Promise<void> {
        await super.check({
          ...request,
          ports: request.ports.map((port) => ({ ...port, protocol: 'tcp' })),
        });
      }
    },
  ),
  wreck(
    'checks ports that are not of the host',
    'check distinguishes TCP from UDP, and ignores ports that are not of the host',
    class extends PlainNetwork {
      override async check(request: AttachRequest): Promise<void> {
        await super.check({
          ...request,
          ports: request.ports.map((port) => ({ ...port, host: port.host ?? port.target })),
        });
      }
    },
  ),
  wreck(
    'lists no network',
    'a network that was ensured is listed, once',
    class extends PlainNetwork {
      override async list(): Promise<readonly NetworkStatus[]> {
        return [];
      }
    },
  ),
  wreck(
    'puts all on one network of the engine',
    'two networks have two names in the engine',
    class extends PlainNetwork {
      override async ensure(network: { readonly name: string }): Promise<NetworkStatus> {
        return { ...(await super.ensure(network)), engineName: 'bridge' };
      }
    },
  ),
  wreck(
    'throws when it removes an unknown network',
    'remove takes a network off the list; removing it again or an unknown one changes nothing',
    class extends PlainNetwork {
      override async remove(name: string): Promise<void> {
        if (!this.networks.has(name)) throw new GantryError('NOT_FOUND', name);
        await super.remove(name);
      }
    },
  ),
  wreck(
    'forgets the name of the service',
    'a task joins its networks, under the name of its service, tasks.SERVICE and its aliases',
    class extends PlainNetwork {
      override join(request: AttachRequest, network: AttachRequest['networks'][number]): JoinedNetwork {
        return { ...super.join(request, network), aliases: network.aliases.filter((name) => name !== 'kit') };
      }
    },
  ),
  wreck(
    'makes networks that were not defined',
    'a network that was not ensured is NOT_FOUND',
    class extends PlainNetwork {
      override join(request: AttachRequest, network: AttachRequest['networks'][number]): JoinedNetwork {
        this.networks.set(network.name, { name: network.name, engineName: network.name });
        return super.join(request, network);
      }
    },
  ),
  wreck(
    'removes a network from under its tasks',
    'a network with tasks on it is not removed: CONFLICT, until they are detached',
    class extends PlainNetwork {
      override async remove(name: string): Promise<void> {
        this.networks.delete(name);
      }
    },
  ),
  wreck(
    'ignores networks it cannot have',
    'ensuring and joining a network are UNSUPPORTED if networks are denied',
    class extends PlainNetwork {
      override readonly supports = { networks: false, protocols: ['tcp'] } as const;
      override begin(request: AttachRequest): Attachment {
        return super.begin({ ...request, networks: [] });
      }
    },
  ),
  wreck(
    'works on after its end',
    'a second dispose does nothing, and every later call is CLOSED',
    class extends PlainNetwork {
      override enter(): void {}
    },
  ),
];

sabotage(networkKit, () => networkFixture(new PlainNetwork()), wrecks);
