import { connect, createServer, type Server, type Socket } from 'node:net';
import { GantryError } from '@gantry/core';
import type { Backend, BackendStats, BalancePolicy, Frontend, FrontendStatus } from '@gantry/core/contracts';
import type { Protocol } from '@gantry/core/model';

interface Link {
  readonly backend: string;
  readonly client: Socket;
  readonly upstream: Socket;
}

export interface Listening {
  frontend: Frontend;
  readonly server: Server;
  readonly links: Set<Link>;
  readonly counts: Map<string, number>;
  turn: number;
  error?: { code: string; message: string };
}

/**
 * The simplest load balancer that keeps the contract: pipes, and restarts everything that changed. The control of the
 * kit.
 */
export class PlainBalancer {
  readonly name: string = 'plain';
  readonly supports = {
    protocols: ['tcp'] as Protocol[],
    policies: ['round-robin', 'least-connections', 'random-two'] as BalancePolicy[],
    ejection: true,
  };
  /** Why a backend is ejected: after its first failed connect, for good. */
  ejected = new Map<string, string>();
  listening = new Map<string, Listening>();
  callbacks = new Set<(backend: string) => void>();
  told = new Set<string>();
  queue: Promise<unknown> = Promise.resolve();
  closed = false;

  async apply(frontends: readonly Frontend[]): Promise<readonly FrontendStatus[]> {
    this.enter();
    const turn = this.queue.then(() => this.change(frontends));
    this.queue = turn;
    return turn;
  }

  async list(): Promise<readonly FrontendStatus[]> {
    this.enter();
    return [...this.listening.values()].map((one) => this.status(one));
  }

  async stats(): Promise<readonly BackendStats[]> {
    this.enter();
    return [...this.listening.values()].flatMap(({ frontend, links, counts }) =>
      frontend.backends.map(({ id, state }) => {
        const open = [...links].filter(({ backend }) => backend === id);
        const sum = (name: 'bytesRead' | 'bytesWritten') =>
          open.reduce((total, { upstream }) => total + upstream[name], 0);
        return {
          frontend: frontend.id,
          backend: id,
          state: this.ejected.has(id) ? ('ejected' as const) : state,
          active: open.length,
          connections: counts.get(id) ?? 0,
          failures: Number(this.ejected.has(id)),
          ejections: Number(this.ejected.has(id)),
          ejectionReason: this.ejected.get(id),
          bytesIn: sum('bytesWritten'),
          bytesOut: sum('bytesRead'),
        };
      }),
    );
  }

  onDrained(callback: (backend: string) => void): () => void {
    this.enter();
    this.callbacks.add(callback);
    return () => this.callbacks.delete(callback);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
    for (const one of this.listening.values()) this.stop(one);
    this.listening.clear();
  }

  enter(): void {
    if (this.closed) throw new GantryError('CLOSED', 'closed');
  }

  async change(frontends: readonly Frontend[]): Promise<readonly FrontendStatus[]> {
    for (const [id, one] of this.listening) {
      if (one.error === undefined && frontends.some((frontend) => frontend.id === id)) continue;
      this.stop(one);
      this.listening.delete(id);
    }
    for (const frontend of frontends) {
      const one = this.listening.get(frontend.id) ?? (await this.listen(frontend));
      this.listening.set(frontend.id, one);
      this.update(one, frontend);
    }
    this.tell();
    return frontends.map(({ id }) => this.status(this.listening.get(id) as Listening));
  }

  update(one: Listening, frontend: Frontend): void {
    const before = one.frontend.backends;
    one.frontend = frontend;
    for (const link of one.links) {
      const place = (backends: readonly Backend[]) => backends.find(({ id }) => id === link.backend)?.port;
      if (place(frontend.backends) !== place(before)) this.cut(link);
    }
  }

  cut({ client, upstream }: Link): void {
    client.destroy();
    upstream.destroy();
  }

  tell(): void {
    const all = [...this.listening.values()];
    for (const { frontend, links } of all) {
      for (const { id, state } of frontend.backends) {
        if (state === 'ready') this.told.delete(id);
        else if (![...links].some(({ backend }) => backend === id) && !this.told.has(id)) {
          this.told.add(id);
          for (const callback of this.callbacks) callback(id);
        }
      }
    }
  }

  async listen(frontend: Frontend): Promise<Listening> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    const one: Listening = { frontend, server, links: new Set(), counts: new Map(), turn: 0 };
    server.on('connection', (client) => this.connect(one, client));
    const problem = await new Promise<{ code: string; message: string } | undefined>((resolve) => {
      if (frontend.protocol !== 'tcp') return resolve({ code: 'UNSUPPORTED', message: frontend.protocol });
      server.once('error', ({ message }) => resolve({ code: 'CONFLICT', message }));
      server.listen(frontend.port, frontend.address, () => resolve(undefined));
    });
    return problem === undefined ? one : { ...one, error: problem };
  }

  stop({ server, links }: Listening): void {
    server.close();
    for (const link of links) this.cut(link);
  }

  connect(one: Listening, client: Socket): void {
    const backend = this.pick(
      one,
      one.frontend.backends.filter(({ id, state }) => state === 'ready' && !this.ejected.has(id)),
    );
    client.on('error', () => undefined);
    if (backend === undefined) return void client.destroy();
    const upstream = connect({ port: backend.port, host: backend.address, allowHalfOpen: true });
    const link = { backend: backend.id, client, upstream };
    one.links.add(link);
    one.counts.set(backend.id, (one.counts.get(backend.id) ?? 0) + 1);
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED') this.eject(backend.id);
      client.destroy();
    });
    upstream.on('close', () => {
      client.destroySoon();
      one.links.delete(link);
      this.tell();
    });
    client.on('close', () => upstream.destroy());
    this.join(client, upstream);
  }

  eject(backend: string): void {
    this.ejected.set(backend, 'a connection was refused');
  }

  join(client: Socket, upstream: Socket): void {
    client.pipe(upstream).pipe(client);
  }

  pick(one: Listening, ready: readonly Backend[]): Backend | undefined {
    const active = ({ id }: Backend) => [...one.links].filter(({ backend }) => backend === id).length;
    const turn = ready[one.turn++ % ready.length];
    if (one.frontend.policy !== 'least-connections') return turn;
    return [...ready].sort((a, b) => active(a) - active(b))[0];
  }

  status({ frontend, server, error }: Listening): FrontendStatus {
    const { id, address } = frontend;
    const place = server.address() as { port: number } | null;
    return { id, address, port: place?.port ?? frontend.port, ...(error && { error }) };
  }
}
