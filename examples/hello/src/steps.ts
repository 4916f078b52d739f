import type { ClusterApi } from '@gantry/core/api';
import type { Service, Task } from '@gantry/core/model';
import { type Platform, service } from './platform.ts';
import type { Traffic } from './traffic.ts';

const PATIENCE_MS = 60_000;

export interface Scene {
  readonly api: ClusterApi;
  readonly platform: Platform;
  readonly traffic: Traffic | undefined;
  readonly signal: AbortSignal;
  readonly startedAt: number;
}

/** One thing the demo does: says what, and returns what was measured. Throws when it does not hold. */
export interface Step {
  readonly title: string;
  run(scene: Scene): Promise<string>;
}

/** Everything after the service was first deployed. */
export const STEPS: readonly Step[] = [
  { title: 'scale from 3 to 6 replicas', run: scaleUp },
  { title: 'kill a replica from outside; it heals', run: heal },
  { title: 'drain a node', run: drain },
  { title: 'rolling update to v2', run: update },
  { title: 'roll back a broken v3 automatically', run: rollBack },
  { title: 'explain a task that cannot be placed', run: explain },
];

async function scaleUp({ api, traffic, signal }: Scene): Promise<string> {
  const known = new Set(traffic?.instances.keys());
  const began = performance.now();
  await api.scale('web', 6);
  await api.wait('service', 'web', ({ status }) => status.ready === 6, { timeoutMs: PATIENCE_MS, signal });
  await bounded(traffic?.newcomers(known, 3, signal), 'the new replicas to answer');
  return `${since(began)} until all answer`;
}

async function heal({ api, platform, traffic, signal }: Scene): Promise<string> {
  const [victim] = await running(api);
  if (victim === undefined) throw new Error('no running task to kill');
  const known = new Set(traffic?.instances.keys());
  const began = performance.now();
  await platform.kill(victim);
  if (traffic === undefined) {
    await api.wait('service', 'web', ({ status }) => status.ready === 5, { timeoutMs: PATIENCE_MS, signal });
    await api.wait('service', 'web', ({ status }) => status.ready === 6, { timeoutMs: PATIENCE_MS, signal });
  } else await bounded(traffic.newcomers(known, 1, signal), 'a new replica to answer');
  const took = since(began);
  await api.wait('service', 'web', ({ status }) => status.ready === 6, { timeoutMs: PATIENCE_MS, signal });
  return `${took} from the kill to the next replica ${traffic === undefined ? 'running' : 'answering'}`;
}

async function drain({ api, signal }: Scene): Promise<string> {
  const node = 'node-1';
  const began = performance.now();
  await api.setAvailability(node, 'drain');
  const items = (await api.list('task', { fields: `spec.node=${node}` })).items.filter(
    (task) => !ended(task),
  );
  for (const task of items) {
    await api.wait('task', task.meta.name, ended, { timeoutMs: PATIENCE_MS, signal });
  }
  await api.wait('service', 'web', ({ status }) => status.ready === 6, { timeoutMs: PATIENCE_MS, signal });
  const took = since(began);
  await api.setAvailability(node, 'active');
  return `${took} until ${items.length} tasks had moved away from ${node}`;
}

async function update({ api, platform, traffic, signal }: Scene): Promise<string> {
  const began = performance.now();
  await api.apply(service(platform, 6, 'v2'));
  await api.wait('service', 'web', isUpdated, { timeoutMs: PATIENCE_MS, signal });
  const took = since(began);
  const done = await api.wait('service', 'web', 'Updated', { timeoutMs: PATIENCE_MS, signal });
  if (done?.status.update?.state !== 'completed')
    throw new Error(`the update is ${done?.status.update?.state}`);
  if (traffic !== undefined && ![...traffic.instances.values()].includes('v2'))
    throw new Error('no v2 has answered');
  return `${took} for 6 replicas, 2 at a time, new ones first`;
}

async function rollBack({ api, platform, traffic, signal }: Scene): Promise<string> {
  const began = performance.now();
  await api.apply(service(platform, 6, 'v3', true));
  const rolledBack = ({ status }: Service): boolean => status.update?.state === 'rollback-completed';
  await api.wait('service', 'web', rolledBack, { timeoutMs: PATIENCE_MS, signal });
  await api.wait('service', 'web', 'Available', { timeoutMs: PATIENCE_MS, signal });
  const took = since(began);
  if ([...(traffic?.instances.values() ?? [])].includes('v3'))
    throw new Error('the broken v3 was sent requests');
  return `${took} until v2 alone was back, v3 never served`;
}

async function explain({ api, platform, signal }: Scene): Promise<string> {
  const template = platform.template('v1', false);
  await api.apply({
    kind: 'service',
    meta: { name: 'giant' },
    spec: { template: { ...template, resources: { requests: { memory: '512Ti' } } } },
  });
  const refused = ({ status }: Service): boolean =>
    status.conditions.some(({ type, status: holds }) => type === 'Scheduled' && holds === 'false');
  await api.wait('service', 'giant', refused, { timeoutMs: PATIENCE_MS, signal });
  const { placement } = await api.explain('service', 'giant');
  const summary = placement?.summary;
  if (summary === undefined) throw new Error('the explanation is missing');
  await api.delete('service', 'giant');
  await api.wait('service', 'giant', 'deleted', { timeoutMs: PATIENCE_MS, signal });
  return summary;
}

async function running(api: ClusterApi): Promise<readonly Task[]> {
  return (await api.list('task', { fields: 'spec.service=web,spec.desired=running,status.state=running' }))
    .items;
}

function isUpdated({ meta, status }: Service): boolean {
  return status.observedGeneration === meta.generation && status.updated === status.desired;
}

function ended({ status }: Task): boolean {
  return ['complete', 'shutdown', 'failed', 'rejected', 'orphaned'].includes(status.state);
}

export function since(began: number): string {
  const ms = performance.now() - began;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;
}

async function bounded(promise: Promise<void> | undefined, what: string): Promise<void> {
  if (promise === undefined) return;
  const late = AbortSignal.timeout(PATIENCE_MS);
  await Promise.race([
    promise,
    new Promise<never>((_, reject) => {
      late.addEventListener('abort', () => reject(new Error(`waited ${PATIENCE_MS} ms for ${what}`)));
    }),
  ]);
}
