import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ClusterApi } from '@gantry/core/api';
import { isFinal, type Service, type ServiceInput } from '@gantry/core/model';
import { taskProcesses } from '../../ha/support/processes.ts';

const web = fileURLToPath(new URL('../../../examples/hello/web', import.meta.url));
/** One process that writes a line ten times a second. */
const TICKS = 'exec 3<> <(:); while :; do echo "tick $((++n))"; read -t 0.1 -u 3; done';

const service = (
  name: string,
  replicas: number,
  template: ServiceInput['spec']['template'],
): ServiceInput => ({
  kind: 'service',
  meta: { name },
  spec: {
    replicas,
    restart: { delayMs: 100, maxDelayMs: 200, windowMs: 500 },
    update: { monitorMs: 100 },
    template: { ...template, drainMs: 0, stopGraceMs: 1000 },
  },
});

/** Services whose tasks must outlive everything, behind two published ports; and one whose task is killed at bad times. */
export async function deploy(api: ClusterApi, ports: readonly [number, number]): Promise<void> {
  const named = (published: number): ServiceInput['spec']['template'] => ({
    command: [process.execPath, 'server.mjs'],
    workingDir: web,
    ports: [{ target: 8080, published }],
    healthChecks: { readiness: { tcp: { port: 8080 } } },
  });
  await api.apply(service('front', 1, named(ports[0])));
  await api.apply(service('back', 1, named(ports[1])));
  await api.apply(service('ticks', 2, { command: ['bash', '-c', TICKS] }));
  await api.apply(service('victim', 1, { command: ['sleep', '100000'] }));
  for (const name of ['front', 'back', 'ticks', 'victim'])
    await api.wait('service', name, 'Stable', { timeoutMs: 60_000 });
}

/** Tasks near their limit of memory: one that stays below, and one that exceeds it again and again. */
export async function deployNearLimit(api: ClusterApi): Promise<void> {
  const hold = (mib: number): ServiceInput['spec']['template'] => ({
    command: [
      process.execPath,
      '-e',
      `const held = Buffer.alloc(${mib} << 20, 1); setInterval(() => held.fill(2), 200);`,
    ],
    resources: { limits: { memory: '128Mi' } },
  });
  await api.apply(service('near', 1, hold(64)));
  await api.apply({ kind: 'service', meta: { name: 'above' }, spec: { replicas: 1, template: hold(256) } });
  await api.wait('service', 'near', 'Stable', { timeoutMs: 60_000 });
  const exceeded = ({ status }: Service): boolean => status.progress?.reason === 'OutOfMemory';
  await api.wait('service', 'above', exceeded, { timeoutMs: 60_000 });
}

/** Process ids of the tasks that must outlive everything, by task, sorted. */
export async function survivors(api: ClusterApi): Promise<readonly string[]> {
  const { items } = await api.list('task', { fields: 'status.state=running' });
  return items
    .filter(({ spec }) => spec.service !== 'victim' && spec.service !== 'above')
    .map(({ meta, status }) => `${meta.name} ${status.pid}`)
    .toSorted();
}

/** The task of the victim that runs. */
export async function victim(
  api: ClusterApi,
): Promise<{ readonly name: string; readonly pid: number } | undefined> {
  const { items } = await api.list('task', { fields: 'spec.service=victim,status.state=running' });
  const [task] = items;
  return task?.status.pid === undefined ? undefined : { name: task.meta.name, pid: task.status.pid };
}

/** Resolves once another process runs for the victim; fails with the service and its tasks if that takes too long. */
export async function victimReplaced(
  api: ClusterApi,
  pid: number | undefined,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const now = await victim(api);
    if (now !== undefined && now.pid !== pid) return;
    if (performance.now() > deadline) {
      const { items } = await api.list('task', { fields: 'spec.service=victim' });
      const { status } = await api.get('service', 'victim');
      throw new Error(`process ${pid} is not replaced: ${JSON.stringify([status, items], null, 1)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Processes and directories of unknown tasks; each running task has one process. */
export async function leaked(api: ClusterApi, records: string): Promise<readonly string[]> {
  const { items } = await api.list('task');
  const running = new Map(items.map(({ meta, status }) => [meta.name, status]));
  const processes = taskProcesses([records]);
  const stray = processes.filter(
    ({ task, pid }) => running.get(task)?.pid !== pid || isFinal(running.get(task)?.state ?? 'failed'),
  );
  const folders = readdirSync(records).flatMap((cluster) =>
    readdirSync(join(records, cluster)).flatMap((node) =>
      readdirSync(join(records, cluster, node), { withFileTypes: true }),
    ),
  );
  const unknown = folders.filter((entry) => entry.isDirectory() && !running.has(entry.name));
  return [
    ...stray.map(({ task, pid }) => `process ${pid} of ${task}`),
    ...unknown.map(({ name }) => `folder ${name}`),
  ];
}

/** Whether a web service answers at a published port. */
export async function answers(port: number): Promise<boolean> {
  const headers = { connection: 'close' };
  const response = await fetch(`http://127.0.0.1:${port}/`, {
    headers,
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
  return response?.status === 200 && (await response.text()).includes('from gantry');
}
