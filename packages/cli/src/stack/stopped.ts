import { type AnyInput, idOf, type Service } from '@gantry/core/model';
import { CliError } from '../output/problem.ts';
import type { Cx } from '../session.ts';

/** The label of a service stopped by `compose stop`; its value is the previous number of replicas. */
export const STOPPED_LABEL = 'gantry.stack.stopped';

/** The previous replicas of a stopped service; undefined if it is not stopped. */
export function stoppedReplicas({ meta }: Service): number | undefined {
  const text = meta.labels[STOPPED_LABEL];
  return text === undefined || !/^\d{1,8}$/.test(text) ? undefined : Number(text);
}

/** Converts objects to stopped ones, which `compose start` starts. */
export function asStopped(objects: readonly AnyInput[]): readonly AnyInput[] {
  return objects.map((object) => {
    if (object.kind !== 'service') return object;
    if (object.spec.mode === 'global') throw globalRefused(object.meta.name);
    const labels = { ...object.meta.labels, [STOPPED_LABEL]: String(object.spec.replicas ?? 1) };
    return { ...object, meta: { ...object.meta, labels }, spec: { ...object.spec, replicas: 0 } };
  });
}

/**
 * Scales a service to 0, remembers its replicas in a label, and waits until its tasks have ended.
 *
 * @throws `UNSUPPORTED` for a global service
 */
export async function stopService(cx: Cx, service: Service, timeoutMs: number): Promise<void> {
  const id = idOf(service.meta);
  if (service.spec.mode === 'global') throw globalRefused(id);
  const api = await cx.api();
  if (stoppedReplicas(service) === undefined) {
    const labels = { [STOPPED_LABEL]: String(service.spec.replicas) };
    const patch = { meta: { labels }, spec: { replicas: 0 } };
    await api.patch('service', id, patch, { signal: cx.signal });
  }
  await api.wait('service', id, hasNoTasks, { timeoutMs, signal: cx.signal });
  cx.print(`service/${id} stopped`);
}

/** Restores the replicas of a stopped service; returns the resulting service. */
export async function startService(cx: Cx, service: Service): Promise<Service> {
  const replicas = stoppedReplicas(service);
  if (replicas === undefined) return service;
  const api = await cx.api();
  const id = idOf(service.meta);
  const patch = { meta: { labels: { [STOPPED_LABEL]: null } }, spec: { replicas } };
  const started = await api.patch('service', id, patch, { signal: cx.signal });
  cx.print(`service/${id} started`);
  return started;
}

function hasNoTasks({ meta, status }: Service): boolean {
  return status.observedGeneration >= meta.generation && status.running === 0;
}

function globalRefused(id: string): CliError {
  return new CliError(
    'UNSUPPORTED',
    `service ${id}: a global service cannot be stopped, it has a task on each node`,
    'remove it with `gantry compose down SERVICE`, or drain the nodes',
  );
}
