import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { isGantryError, type Random } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import type { Availability, Kind, ServiceInput, Task } from '@gantry/core/model';
import { ENDS_SOON, EVEN, EVEN_REPLICAS, WEB_PORT } from './base.ts';

/** The means of an operation. */
export interface Hands {
  readonly api: ClusterApi;
  readonly random: Random;
  /** Port on which `web` is published, by each agent at an address of its own. */
  readonly port: number;
  readonly addresses: readonly string[];
  readonly nodes: readonly string[];
}

export interface Operation {
  readonly name: string;
  /** Relative frequency. */
  readonly weight: number;
  run(hands: Hands): Promise<void>;
}

const CHURN = ['churn-1', 'churn-2', 'churn-3', 'churn-4'] as const;
const NETWORKS = ['net-1', 'net-2', 'net-3'] as const;
const MAX_CHURN_REPLICAS = 6;
const WATCHED: readonly Kind[] = ['service', 'task', 'node', 'event', 'network', 'template'];
/** Distinguishes processes started by `exec` from those of tasks. */
export const EXEC_MARK = 'GANTRY_SOAK_EXEC';

/** All operations of the churn; each ends on its own within seconds unless something is wrong. */
export const OPERATIONS: readonly Operation[] = [
  {
    name: 'apply',
    weight: 3,
    run: async ({ api, random }) => void (await api.apply(churnService(random), { force: true })),
  },
  {
    name: 'scale',
    weight: 3,
    async run({ api, random }) {
      const name = oneOf(random, [...EVEN, ...CHURN]);
      await api.scale(
        name,
        below(random, (EVEN as readonly string[]).includes(name) ? EVEN_REPLICAS + 1 : MAX_CHURN_REPLICAS),
      );
    },
  },
  {
    name: 'roll',
    weight: 2,
    async run({ api, random }) {
      const patch = { spec: { template: { env: { ROUND: `r${below(random, 1000)}` } } } };
      await api.patch('service', oneOf(random, [...EVEN, ...CHURN, 'web']), patch);
    },
  },
  {
    name: 'restart',
    weight: 1,
    run: async ({ api, random }) => void (await api.restart(oneOf(random, [...EVEN, 'each', 'web']))),
  },
  {
    name: 'rollback',
    weight: 1,
    run: async ({ api, random }) => void (await api.rollback(oneOf(random, [...EVEN, ...CHURN]))),
  },
  {
    name: 'delete',
    weight: 2,
    run: ({ api, random }) => api.delete('service', oneOf(random, CHURN)),
  },
  {
    name: 'availability',
    weight: 1,
    async run({ api, random, nodes }) {
      const wanted: readonly Availability[] = ['active', 'active', 'drain', 'pause'];
      await api.setAvailability(oneOf(random, nodes), oneOf(random, wanted));
    },
  },
  {
    name: 'network',
    weight: 2,
    async run({ api, random }) {
      const name = oneOf(random, NETWORKS);
      if (random.next() < 0.5) await api.delete('network', name);
      else
        await api.apply({
          kind: 'network',
          meta: { name, labels: { round: `r${below(random, 1000)}` } },
        });
    },
  },
  { name: 'read', weight: 4, run: read },
  { name: 'logs', weight: 3, run: logs },
  { name: 'exec', weight: 3, run: exec },
  { name: 'dial', weight: 1, run: dial },
  { name: 'http', weight: 2, run: http },
  { name: 'watch', weight: 3, run: watch },
];

/** Draws an operation at random, in proportion to the weights. */
export function drawOperation(random: Random): Operation {
  let left = random.next() * OPERATIONS.reduce((sum, { weight }) => sum + weight, 0);
  return (OPERATIONS.find(({ weight }) => {
    left -= weight;
    return left < 0;
  }) ?? OPERATIONS[0]) as Operation;
}

function churnService(random: Random): ServiceInput {
  const scripts = [
    'echo started; exec sleep 1000000',
    'while :; do echo "it is $ROUND"; sleep 0.5; done',
    `sleep ${1 + below(random, 3)}; echo failing >&2; exit 1`,
  ];
  return {
    kind: 'service',
    meta: { name: oneOf(random, CHURN), labels: { round: `r${below(random, 100)}` } },
    spec: {
      replicas: 1 + below(random, MAX_CHURN_REPLICAS),
      restart: { delayMs: 500 },
      update: { parallelism: 2, monitorMs: 200, failureAction: oneOf(random, ['continue', 'rollback']) },
      template: {
        ...ENDS_SOON,
        command: ['sh', '-c', oneOf(random, scripts)],
        env: { ROUND: `r${below(random, 1000)}` },
      },
    },
  };
}

async function read({ api, random, nodes }: Hands): Promise<void> {
  const calls: readonly (() => Promise<unknown>)[] = [
    () => api.info(),
    () => api.list('task', { limit: 10 }),
    () => api.list('event', { limit: 100 }),
    () => api.get('service', oneOf(random, EVEN)),
    () => api.stats({ node: oneOf(random, nodes) }),
    () => api.explain('service', oneOf(random, EVEN)),
    () => api.plan([churnService(random)], { force: true }),
  ];
  await oneOf(random, calls)();
}

async function logs({ api, random }: Hands): Promise<void> {
  const service = oneOf(random, [...EVEN, ...CHURN]);
  if (random.next() < 0.5) {
    for await (const _lines of api.logs({ service }, { tail: 20 })) {
      // read to the end
    }
    return;
  }
  await forAWhile(random, async (signal) => {
    for await (const _lines of api.logs({ service }, { follow: true, signal })) {
      if (random.next() < 0.1) return;
    }
  });
}

async function exec(hands: Hands): Promise<void> {
  const { api, random } = hands;
  const task = await runningTask(hands);
  if (task === undefined) return;
  const env = { [EXEC_MARK]: '1' };
  const whole = random.next() < 0.6;
  const command = ['sh', '-c', whole ? 'cat; echo said; sleep 0.1; echo more >&2' : 'echo said; sleep 600'];
  const stdin = input('some input\n');
  const run = async (signal?: AbortSignal): Promise<void> => {
    const session = await api.exec(task, { command, env, stdin, ...(signal !== undefined && { signal }) });
    session.exitCode.catch(() => undefined); // failures are reported by the output
    for await (const _chunk of session.output) {
      // read to the end
    }
    await session.exitCode;
  };
  await (whole ? run() : forAWhile(random, run));
}

async function dial(hands: Hands): Promise<void> {
  const task = await runningTask(hands, 'web');
  if (task === undefined) return;
  const asked = input('GET / HTTP/1.0\r\nConnection: close\r\n\r\n');
  try {
    for await (const _bytes of hands.api.dial(task, { port: WEB_PORT, input: asked })) {
      // read to the end
    }
  } catch (error) {
    // It runs, but may not listen yet, or no longer.
    if (!isGantryError(error, 'UNAVAILABLE') || !error.message.includes('ECONNREFUSED')) throw error;
  }
}

/** Requests through the load balancer of some agent, which may be unavailable; other benchmarks check the answers. */
async function http({ random, port, addresses }: Hands): Promise<void> {
  const host = oneOf(random, addresses);
  await Promise.all(
    Array.from(
      { length: 5 },
      () =>
        new Promise<void>((resolve) => {
          const call = request({ host, port, agent: false, timeout: 3000 }, (response) => {
            response.on('error', () => undefined);
            response.on('close', () => resolve());
            response.resume();
          });
          call.on('timeout', () => call.destroy());
          call.on('error', () => resolve());
          call.end();
        }),
    ),
  );
}

async function watch({ api, random }: Hands): Promise<void> {
  const kind = oneOf(random, WATCHED);
  await forAWhile(random, async (signal) => {
    for await (const _events of api.watch(kind, { signal })) {
      if (random.next() < 0.02) return; // leaves the loop: it ends without the signal as well
    }
  });
}

/** A random running task, optionally one of a service. */
async function runningTask({ api, random }: Hands, service?: string): Promise<string | undefined> {
  const fields = ['status.state=running', ...(service === undefined ? [] : [`spec.service=${service}`])];
  const { items } = await api.list('task', { fields: fields.join(',') });
  return items.length === 0 ? undefined : (oneOf(random, items) as Task).meta.name;
}

/** Aborts the work after a while; that abort is then not an error. */
async function forAWhile(random: Random, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const enough = new AbortController();
  const waiting = sleep(100 + below(random, 3000), undefined, { signal: enough.signal }).then(
    () => stop.abort(),
    () => undefined,
  );
  try {
    await work(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    enough.abort();
    await waiting;
  }
}

async function* input(text: string): AsyncIterable<Uint8Array> {
  yield new TextEncoder().encode(text);
}

export function below(random: Random, bound: number): number {
  return Math.floor(random.next() * bound);
}

export function oneOf<T>(random: Random, items: readonly T[]): T {
  return items[below(random, items.length)] as T;
}
