import type { Socket } from 'node:net';
import type { Backend, BackendStats, Frontend, FrontendStatus } from '@gantry/core/contracts';
import type { LoadBalancerSubject, Wreck } from '@gantry/testing';
import { loadBalancerKit } from '@gantry/testing';
import { sabotage } from '@gantry/testing/vitest';
import { type Listening, PlainBalancer } from './support/plain-balancer.ts';

function fixture(loadBalancer: PlainBalancer): { subject: LoadBalancerSubject; close: () => Promise<void> } {
  return {
    subject: { loadBalancer },
    close: () => PlainBalancer.prototype[Symbol.asyncDispose].call(loadBalancer),
  };
}

function wreck(name: string, caughtBy: string, Broken: new () => PlainBalancer): Wreck<LoadBalancerSubject> {
  return { name, caughtBy, make: () => fixture(new Broken()) };
}

const EJECTION =
  'a backend that accepts no connection is ejected: stats count it and say why, and clients reach the others';

const wrecks = [
  wreck(
    'has a name with a dot, which nodes could not show',
    'its name is a DNS label, by which services choose it and nodes show it',
    class extends PlainBalancer {
      override readonly name = 'plain.balancer';
    },
  ),
  wreck(
    'tells the port it was asked for, not the one it has',
    'a frontend listens at its address, and list reports it as apply did',
    class extends PlainBalancer {
      override status(one: Listening): FrontendStatus {
        return { ...super.status(one), port: one.frontend.port };
      }
    },
  ),
  wreck(
    'loses what comes while it waits',
    'bytes arrive whole and in order, both ways, however many',
    class extends PlainBalancer {
      override join(client: Socket, upstream: Socket): void {
        upstream.pipe(client);
        client.on('data', (chunk: Buffer) => {
          if (!upstream.writableNeedDrain) upstream.write(chunk);
        });
        client.resume();
      }
    },
  ),
  wreck(
    'sends every answer to the latest client',
    'the connections of several clients are not mixed up',
    class extends PlainBalancer {
      latest: Socket | undefined;
      override join(client: Socket, upstream: Socket): void {
        this.latest = client;
        client.pipe(upstream);
        upstream.on('data', (chunk) => this.latest?.write(chunk));
      }
    },
  ),
  wreck(
    'ends both sides when one has said all',
    'a client that has closed its side still gets the rest of the answer',
    class extends PlainBalancer {
      override join(client: Socket, upstream: Socket): void {
        super.join(client, upstream);
        client.on('end', () => upstream.destroy());
      }
    },
  ),
  wreck(
    'leaves the other side open when one goes',
    'when one side closes its connection, the other side notices',
    class extends PlainBalancer {
      override connect(one: Listening, client: Socket): void {
        super.connect(one, client);
        client.removeAllListeners('close');
      }
      override join(client: Socket, upstream: Socket): void {
        client.on('data', (chunk) => upstream.write(chunk));
        upstream.on('data', (chunk) => client.write(chunk));
        client.resume();
      }
    },
  ),
  wreck(
    'always takes the first backend',
    'round robin gives each backend its turn',
    class extends PlainBalancer {
      override pick(_: Listening, ready: readonly Backend[]): Backend | undefined {
        return ready[0];
      }
    },
  ),
  wreck(
    'leaves one backend out',
    'two random choices use every backend, none more than half the time',
    class extends PlainBalancer {
      override pick(one: Listening, ready: readonly Backend[]): Backend | undefined {
        return super.pick(one, ready.slice(1));
      }
    },
  ),
  wreck(
    'forgets that connections end',
    'least connections prefers the backend that clients have left',
    class extends PlainBalancer {
      override pick(one: Listening, ready: readonly Backend[]): Backend | undefined {
        return [...ready].sort((a, b) => (one.counts.get(a.id) ?? 0) - (one.counts.get(b.id) ?? 0))[0];
      }
    },
  ),
  wreck(
    'counts connections of the whole frontend for each backend',
    'stats count connections, bytes and open connections',
    class extends PlainBalancer {
      override async stats(): Promise<readonly BackendStats[]> {
        const stats = await super.stats();
        const connections = stats.reduce((sum, one) => sum + one.connections, 0);
        return stats.map((one) => ({ ...one, connections }));
      }
    },
  ),
  wreck(
    'listens again on every apply',
    'applying the same again affects no connection and keeps the port',
    class extends PlainBalancer {
      override async change(frontends: readonly Frontend[]): Promise<readonly FrontendStatus[]> {
        await super.change([]);
        return super.change(frontends);
      }
    },
  ),
  wreck(
    'restarts all frontends when one of them changes',
    'a frontend that did not change is not disturbed when others come and go',
    class extends PlainBalancer {
      override async change(frontends: readonly Frontend[]): Promise<readonly FrontendStatus[]> {
        if (frontends.length !== this.listening.size) await super.change([]);
        return super.change(frontends);
      }
    },
  ),
  wreck(
    'never takes up new backends',
    'a backend that is added gets connections, and those of the others stay',
    class extends PlainBalancer {
      override update(): void {}
    },
  ),
  wreck(
    'leaves the connections of removed backends open',
    'an omitted backend is cut, and gets no more connections',
    class extends PlainBalancer {
      override cut(): void {}
    },
  ),
  wreck(
    'knows backends by their id alone',
    'a backend that has moved is reached at its new address',
    class extends PlainBalancer {
      override update(one: Listening, frontend: Frontend): void {
        const known = (backend: Backend) =>
          one.frontend.backends.find(({ id }) => id === backend.id) ?? backend;
        super.update(one, { ...frontend, backends: frontend.backends.map(known) });
      }
    },
  ),
  wreck(
    'gives draining backends new connections',
    'a draining backend keeps its connections and gets no new ones',
    class extends PlainBalancer {
      override pick(one: Listening): Backend | undefined {
        return super.pick(one, one.frontend.backends);
      }
    },
  ),
  wreck(
    'cuts draining backends',
    'a draining backend keeps its connections and gets no new ones',
    class extends PlainBalancer {
      override update(one: Listening, frontend: Frontend): void {
        super.update(one, frontend);
        for (const link of one.links) {
          if (frontend.backends.some(({ id, state }) => id === link.backend && state === 'draining'))
            this.cut(link);
        }
      }
    },
  ),
  wreck(
    'tells that a backend is drained as soon as it drains',
    'a draining backend is reported as drained when its last connection has closed, not before, and once',
    class extends PlainBalancer {
      override tell(): void {
        for (const { frontend } of this.listening.values()) {
          for (const { id, state } of frontend.backends) {
            if (state === 'draining') for (const callback of this.callbacks) callback(id);
          }
        }
      }
    },
  ),
  wreck(
    'tells only of backends that lose a connection',
    'a draining backend without a connection is reported as drained immediately; a removed listener is not called',
    class extends PlainBalancer {
      override async change(frontends: readonly Frontend[]): Promise<readonly FrontendStatus[]> {
        const { callbacks } = this;
        this.callbacks = new Set();
        const statuses = await super.change(frontends);
        this.callbacks = callbacks;
        return statuses;
      }
    },
  ),
  wreck(
    'keeps calling those who left',
    'a draining backend without a connection is reported as drained immediately; a removed listener is not called',
    class extends PlainBalancer {
      override onDrained(callback: (backend: string) => void): () => void {
        super.onDrained(callback);
        return () => undefined;
      }
    },
  ),
  wreck(
    'never uses a backend again that has drained',
    'a backend that no longer drains gets connections again',
    class extends PlainBalancer {
      override pick(one: Listening, ready: readonly Backend[]): Backend | undefined {
        return super.pick(
          one,
          ready.filter(({ id }) => !this.drained.has(id)),
        );
      }
      drained = new Set<string>();
      override update(one: Listening, frontend: Frontend): void {
        super.update(one, frontend);
        for (const { id, state } of frontend.backends) if (state === 'draining') this.drained.add(id);
      }
    },
  ),
  wreck(
    'keeps frontends that were left out',
    'an omitted frontend is closed, with its port and its connections',
    class extends PlainBalancer {
      override stop(): void {}
    },
  ),
  wreck(
    'opens new ports before it closes old ones',
    'a port can go from one frontend to another in one apply',
    class extends PlainBalancer {
      override async change(frontends: readonly Frontend[]): Promise<readonly FrontendStatus[]> {
        const old = [...this.listening.values()].map(({ frontend }) => frontend);
        await super.change([
          ...old.filter(({ id }) => !frontends.some((one) => one.id === id)),
          ...frontends,
        ]);
        const statuses = await super.list();
        for (const { id } of old) {
          const one = this.listening.get(id);
          if (one === undefined || frontends.some((frontend) => frontend.id === id)) continue;
          this.stop(one);
          this.listening.delete(id);
        }
        return frontends.map(({ id }) => statuses.find((status) => status.id === id) as FrontendStatus);
      }
    },
  ),
  wreck(
    'gives up all frontends for one that cannot listen',
    'a port that is taken is a CONFLICT of that frontend alone, and is tried again',
    class extends PlainBalancer {
      override async change(frontends: readonly Frontend[]): Promise<readonly FrontendStatus[]> {
        const statuses = await super.change(frontends);
        for (const { error } of statuses) if (error !== undefined) throw new Error(error.message);
        return statuses;
      }
    },
  ),
  wreck(
    'says that it ejects backends, and does not',
    EJECTION,
    class extends PlainBalancer {
      override eject(): void {}
    },
  ),
  wreck(
    'does not say why it ejects a backend',
    EJECTION,
    class extends PlainBalancer {
      override eject(backend: string): void {
        this.ejected.set(backend, '');
      }
    },
  ),
  wreck(
    'ejects every backend for one that fails',
    EJECTION,
    class extends PlainBalancer {
      override eject(): void {
        for (const { frontend } of this.listening.values())
          for (const { id } of frontend.backends) super.eject(id);
      }
    },
  ),
  wreck(
    'takes udp for tcp',
    'an unsupported protocol is rejected by name, and the other frontends work',
    class extends PlainBalancer {
      override listen(frontend: Frontend): Promise<Listening> {
        return super.listen({ ...frontend, protocol: 'tcp' });
      }
    },
  ),
  wreck(
    'lets a later apply overtake an earlier one',
    'the last one of concurrent applies takes effect',
    class extends PlainBalancer {
      applies = 0;
      override async apply(frontends: readonly Frontend[]): Promise<readonly FrontendStatus[]> {
        const delay = 20 - 10 * this.applies++;
        await new Promise((resolve) => setTimeout(resolve, delay));
        return super.apply(frontends);
      }
    },
  ),
  wreck(
    'goes on after dispose',
    'dispose closes ports and connections, then every call is CLOSED, and it may be repeated',
    class extends PlainBalancer {
      override enter(): void {}
    },
  ),
];

sabotage(loadBalancerKit, () => fixture(new PlainBalancer()), wrecks);
