import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '@gantry/core';
import type { PartProcess } from '../../../tests/ha/support/part-process.ts';
import type { World } from './world.ts';

/** Maximum time until a part is gone, and until it is back. */
const END_MS = 40_000;
const READY_MS = 90_000;
/**
 * Time after a part's return in which calls may still fail because of its absence: long backoffs, an expiring lease.
 */
const AFTERMATH_MS = 12_000;
/** Longer than the heartbeat timeout of a node (6 s), and than two leases. */
const HALT_MS = 7500;

type Kind = 'kill' | 'term' | 'halt';

interface Part {
  readonly name: string;
  readonly role: 'server' | 'agent' | 'nats' | 'etcd';
  /** How to restart or halt it next, given the number of previous times. */
  readonly kind: (times: number) => Kind;
  readonly restart: (kind: Kind) => Promise<void>;
  times: number;
}

interface Outage {
  readonly from: number;
  until: number;
}

/**
 * Restarts every part in turn, in a random order: servers and agents by `SIGKILL` and `SIGTERM` alternately, engines by
 * `SIGKILL` over the same data. Two processes, a server and an agent, are restarted once, first of all, and then only
 * halted for a while: the server loses its lease and the agent its session, and both keep running.
 */
export class Restarts {
  readonly steady: { readonly server: PartProcess; readonly agent: PartProcess };
  /** Number of restarts of each kind. */
  readonly counts: Record<string, number> = {};
  readonly #parts: Part[];
  readonly #outages: Outage[] = [];
  #next = 0;

  constructor({ ha, nats, etcd }: World, random: Random) {
    const [server, ...servers] = shuffled(ha.servers, random) as [PartProcess, ...PartProcess[]];
    const [agent, ...agents] = shuffled(ha.agents, random) as [PartProcess, ...PartProcess[]];
    this.steady = { server, agent };
    const engine = (name: 'nats' | 'etcd', restart: () => Promise<void>): Part => ({
      ...{ name, role: name, restart, times: 0 },
      kind: () => 'kill',
    });
    const engines = [engine('nats', () => nats.daemon.restart())];
    if (etcd !== undefined) engines.push(engine('etcd', () => etcd.daemons[0]?.restart() as Promise<void>));
    const others = [...[...servers, ...agents].map(anyPart), ...engines];
    this.#parts = [steadyPart(server), steadyPart(agent), ...shuffled(others, random)];
  }

  /** Whether every part was restarted at least once. */
  get allOnce(): boolean {
    return this.#parts.every(({ times }) => times > 0);
  }

  /** Number of parts. */
  get parts(): number {
    return this.#parts.length;
  }

  /** Restarts the next part, and resolves when it is back. */
  async next(): Promise<string> {
    const part = this.#parts[this.#next++ % this.#parts.length] as Part;
    const kind = part.kind(part.times);
    const outage: Outage = { from: performance.now(), until: Number.POSITIVE_INFINITY };
    this.#outages.push(outage);
    try {
      await part.restart(kind);
      part.times++;
      const label = `${part.role}.${kind}`;
      this.counts[label] = (this.counts[label] ?? 0) + 1;
      return `${part.name} ${kind}`;
    } finally {
      outage.until = performance.now() + AFTERMATH_MS;
    }
  }

  /** Whether any part was unavailable, or had been shortly before, at any time since `from`. */
  disturbedSince(from: number): boolean {
    return this.#outages.some(({ until }) => until >= from);
  }
}

function anyPart(part: PartProcess): Part {
  return {
    ...{ name: part.name, role: part.config.role, times: 0 },
    kind: (times) => (times % 2 === 0 ? 'kill' : 'term'),
    restart: (kind) => restart(part, kind),
  };
}

function steadyPart(part: PartProcess): Part {
  return {
    ...{ name: part.name, role: part.config.role, times: 0 },
    kind: (times) => (times === 0 ? 'kill' : 'halt'),
    restart: (kind) => (kind === 'halt' ? halt(part) : restart(part, kind)),
  };
}

async function halt(part: PartProcess): Promise<void> {
  part.signal('SIGSTOP');
  await sleep(HALT_MS);
  part.signal('SIGCONT');
}

async function restart(part: PartProcess, kind: Kind): Promise<void> {
  const signal = kind === 'kill' ? 'SIGKILL' : 'SIGTERM';
  await within(END_MS, part.end(signal), `${part.name} to end after ${signal}`).catch(
    async (error: unknown) => {
      await part.end('SIGKILL');
      part.start();
      throw error;
    },
  );
  part.start();
  await within(READY_MS, part.ready(), `${part.name} to be ready`);
}

/** @throws if it takes longer */
export async function within<T>(ms: number, work: Promise<T>, what: string): Promise<T> {
  const stop = new AbortController();
  const late = sleep(ms, undefined, { signal: stop.signal }).then(() => {
    throw new Error(`waited ${ms} ms for ${what}`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    stop.abort();
  }
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  return items
    .map((item) => ({ item, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
