import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isGantryError } from '@gantry/core';
import { isFinal, type Kind, type ServiceInput, type Task } from '@gantry/core/model';
import type { PartProcess } from '../../../tests/ha/support/part-process.ts';
import type { World } from './world.ts';

/** Port on which `web` listens. */
export const WEB_PORT = 8080;
export const EVEN = ['even-1', 'even-2', 'even-3'] as const;
/**
 * Replicas of each of {@link EVEN}; no node may have more than its share, so that all settled nodes have equally many.
 */
export const EVEN_REPLICAS = 8;

const LOOK_MS = 250;
const PATIENCE_MS = 120_000;
/** Long enough for a watch to begin. */
const WATCH_MS = 1000;
const KINDS: readonly Kind[] = ['service', 'task', 'node', 'event', 'network', 'template'];
const WAIT = { timeoutMs: 60_000 };
const REMEMBERED_TEMPLATES = 11;
/** Number of ended tasks that are kept of a slot. */
export const ENDED_PER_SLOT = 2;
const OUTAGES = ['UNAVAILABLE', 'TIMEOUT', 'CLOSED', 'CONFLICT', 'NOT_FOUND'] as const;

const web = fileURLToPath(new URL('../../../examples/hello/web', import.meta.url));

/** Replaced in large waves, and not stopped by tasks that fail because their agent was killed. */
const UPDATE = { parallelism: 4, monitorMs: 300, failureAction: 'continue' } as const;
const RESTART = { delayMs: 200, maxDelayMs: 2000 } as const;
export const ENDS_SOON = { stopGraceMs: 2000, drainMs: 500 } as const;

/** The services of the settled cluster. */
export function baseServices(port: number, agents: number): readonly ServiceInput[] {
  const spec = {
    update: { ...UPDATE, order: 'stop-first' },
    rollback: { ...UPDATE, order: 'stop-first' },
    restart: RESTART,
  } as const;
  const template = {
    ...ENDS_SOON,
    command: ['sh', '-c', 'echo started; exec sleep 1000000'],
    env: { ROUND: 'base' },
  };
  return [
    ...EVEN.map(
      (name): ServiceInput => ({
        kind: 'service',
        meta: { name },
        spec: {
          ...spec,
          replicas: EVEN_REPLICAS,
          placement: { maxReplicasPerNode: EVEN_REPLICAS / agents },
          template,
        },
      }),
    ),
    { kind: 'service', meta: { name: 'each' }, spec: { ...spec, mode: 'global', template } },
    {
      kind: 'service',
      meta: { name: 'web' },
      spec: {
        ...spec,
        replicas: agents,
        placement: { maxReplicasPerNode: 1 },
        template: {
          ...ENDS_SOON,
          command: [process.execPath, 'server.mjs'],
          workingDir: web,
          env: { ROUND: 'base' },
          ports: [{ target: WEB_PORT, published: port, appProtocol: 'http' }],
          healthChecks: { readiness: { http: { port: WEB_PORT, path: '/' }, intervalMs: 500 } },
        },
      },
    },
  ];
}

/** Number of running tasks of the settled cluster. */
export function baseTasks(agents: number): number {
  return EVEN.length * EVEN_REPLICAS + 2 * agents;
}

/**
 * Brings the cluster back to its base: no other services and networks, all nodes active, every task of the base
 * running.
 *
 * @throws the differences that remain after a timeout that is long enough for any of the waits in between.
 */
export async function rest(world: World, base: readonly ServiceInput[], signal: AbortSignal): Promise<void> {
  const tidied = async (): Promise<string> => {
    await tidy(world, base);
    return '';
  };
  const deadline = performance.now() + PATIENCE_MS;
  await untilNothing(tidied, deadline, signal);
  await untilNothing(() => whatIsMissing(world, base), deadline, signal);
}

/**
 * Fills everything that has a bound, so that it does not grow later: the templates that each service remembers, and the
 * ended tasks that each slot keeps.
 */
export async function fill({ ha }: World, base: readonly ServiceInput[]): Promise<void> {
  for (let round = 0; round < REMEMBERED_TEMPLATES; round++) {
    await Promise.all(
      base.map(async ({ meta }) => {
        const patch = { spec: { template: { env: { ROUND: `fill-${meta.name}-${round}` } } } };
        const { meta: now } = await ha.api().patch('service', meta.name, patch);
        await ha
          .api()
          .wait('service', meta.name, ({ status }) => status.observedGeneration >= now.generation, WAIT);
      }),
    );
  }
  for (let times = 0; times < ENDED_PER_SLOT; times++) {
    await Promise.all(
      base.map(async ({ meta }) => {
        const { spec } = await ha.api().restart(meta.name);
        const restarted = (at: number | undefined): boolean => at === spec.restartedAt;
        await ha
          .api()
          .wait(
            'service',
            meta.name,
            ({ status: { update } }) => update?.state === 'completed' && restarted(update.restartedAt),
            WAIT,
          );
      }),
    );
  }
}

/**
 * Makes servers do the work of a first request, so that all samples are alike: call agents and, except for the steady
 * server, follow each kind. The steady server should have dropped its watched state.
 */
export async function wake({ ha }: World, steady: PartProcess): Promise<void> {
  const stop = new AbortController();
  const others = ha.servers.filter((server) => server !== steady);
  const watches = others.flatMap((server) =>
    KINDS.map(async (kind) => {
      for await (const _events of ha.api(server).watch(kind, { signal: stop.signal })) {
        // until it is aborted
      }
    }),
  );
  const ended = Promise.allSettled(watches);
  try {
    const asked = async (): Promise<true> => {
      await Promise.all(ha.servers.map((server) => ha.api(server).stats()));
      return true;
    };
    await ha.until(asked, 'an answer of every server', PATIENCE_MS);
    await sleep(WATCH_MS);
  } finally {
    stop.abort();
    await ended;
  }
}

async function tidy({ ha }: World, base: readonly ServiceInput[]): Promise<void> {
  const api = ha.api();
  const kept = new Set(base.map(({ meta }) => meta.name));
  const [nodes, services, networks] = await Promise.all([
    api.list('node'),
    api.list('service'),
    api.list('network'),
  ]);
  await Promise.all([
    ...nodes.items
      .filter(({ spec }) => spec.availability !== 'active')
      .map(({ meta }) => api.setAvailability(meta.name, 'active')),
    ...services.items
      .filter(({ meta }) => !kept.has(meta.name) && meta.deletedAt === undefined)
      .map(({ meta }) => api.delete('service', meta.name)),
    ...networks.items.map(({ meta }) => api.delete('network', meta.name)),
  ]);
  await api.applyAll(base, { manager: 'soak', force: true });
}

/** Why the cluster is not at its base yet; empty if it is. */
async function whatIsMissing({ ha }: World, base: readonly ServiceInput[]): Promise<string> {
  const api = ha.api();
  const [nodes, services, networks, tasks] = await Promise.all([
    api.list('node'),
    api.list('service'),
    api.list('network'),
    api.list('task'),
  ]);
  const agents = ha.agents.length;
  const ready = nodes.items.filter(
    ({ spec, status }) => status.state === 'ready' && spec.availability === 'active',
  );
  if (ready.length !== agents) return `${ready.length} of ${agents} nodes are ready`;
  if (networks.items.length > 0) return `there are still ${networks.items.length} networks`;
  if (services.items.length !== base.length) return `there are ${services.items.length} services`;
  for (const { meta, spec, status } of services.items) {
    const wanted = spec.mode === 'global' ? agents : spec.replicas;
    const { desired, ready, updated, update } = status;
    const right = [desired, ready, updated].every((count) => count === wanted);
    if (!right || status.observedGeneration !== meta.generation || update?.state === 'updating')
      return `${meta.name}: ${JSON.stringify({ wanted, desired, ready, updated, update })}`;
  }
  const alive = tasks.items.filter(({ status }) => !isFinal(status.state));
  const wrong = alive.filter(({ spec, status }) => spec.desired !== 'running' || status.state !== 'running');
  if (wrong.length > 0 || alive.length !== baseTasks(agents))
    return `${alive.length} tasks are alive, of which ${wrong.length} do not run: ${wrong.map(told).join(', ')}`;
  return '';
}

function told({ meta, spec, status }: Task): string {
  return `${meta.name} on ${spec.node ?? 'no node'} is to be ${spec.desired} and is ${status.state} ${status.message ?? ''}`;
}

async function untilNothing(
  look: () => Promise<string>,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    const missing = await look().catch((error: unknown) => {
      if (isGantryError(error, ...OUTAGES)) return String(error);
      throw error;
    });
    if (missing === '') return;
    if (performance.now() > deadline) throw new Error(`not idle after ${PATIENCE_MS} ms: ${missing}`);
    await sleep(LOOK_MS, undefined, { signal });
  }
}
