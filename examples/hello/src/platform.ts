import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Plugin } from '@gantry/core';
import type { ServiceInput, Task, TemplateInput } from '@gantry/core/model';
import { FakeWorld } from '@gantry/runtime-fake';
import type { DemoOptions } from './options.ts';

const PORT = 8080;
const web = fileURLToPath(new URL('../web/', import.meta.url));
const imageScript = fileURLToPath(new URL('../../../scripts/test-images.mjs', import.meta.url));

/** What differs between the runtimes: the plugins, the template, how a task is killed from outside, what may remain. */
export interface Platform {
  readonly plugins: readonly Plugin[];
  /** Whether there is something to send requests to. */
  readonly serves: boolean;
  template(version: string, broken: boolean): TemplateInput;
  kill(task: Task): Promise<void>;
  /** What of the cluster is still on the machine. */
  leftovers(tasks: readonly Task[]): Promise<readonly string[]>;
}

export async function platformOf({ runtime }: DemoOptions, cluster: string): Promise<Platform> {
  if (runtime === 'docker') return dockerPlatform(cluster);
  if (runtime === 'fake') return fakePlatform();
  const { processCluster } = await import('@gantry/presets/process');
  return {
    plugins: processCluster(),
    serves: true,
    template: (version, broken) => ({
      ...common(version, broken),
      command: [process.execPath, 'server.mjs'],
      workingDir: web.replace(/\/$/, ''),
    }),
    kill: async ({ status }) => {
      process.kill(status.pid as number, 'SIGKILL');
    },
    leftovers: async (tasks) =>
      tasks.flatMap(({ meta, status }) =>
        status.pid !== undefined && isAlive(status.pid) ? [`process ${status.pid} of ${meta.name}`] : [],
      ),
  };
}

async function dockerPlatform(cluster: string): Promise<Platform> {
  const { default: Docker } = await import('dockerode');
  const docker = new Docker();
  await docker.ping().catch((error: unknown) => {
    throw new Error('no Docker engine answers: start one, or use --runtime process', { cause: error });
  });
  await promisify(execFile)(process.execPath, [imageScript]); // makes the image from this machine's own node, once
  const { dockerCluster } = await import('@gantry/presets/docker');
  return {
    plugins: dockerCluster(),
    serves: true,
    template: (version, broken) => ({
      ...common(version, broken),
      image: 'gantry-test/node:1',
      command: ['node', '/web/server.mjs'],
      mounts: [{ type: 'bind', source: web.replace(/\/$/, ''), target: '/web', readOnly: true }],
    }),
    kill: ({ status }) => docker.getContainer(status.runtimeId as string).kill(),
    leftovers: async () => {
      const filters = { label: [`gantry.cluster=${cluster}`] };
      const containers = await docker.listContainers({ all: true, filters });
      const networks = await docker.listNetworks({ filters });
      return [
        ...containers.map(({ Names }) => `container ${Names[0]}`),
        ...networks.map(({ Name }) => `network ${Name}`),
      ];
    },
  };
}

async function fakePlatform(): Promise<Platform> {
  const { fakeCluster } = await import('@gantry/presets/fake');
  const world = new FakeWorld();
  const { SystemClock } = await import('@gantry/system');
  const clock = new SystemClock();
  return {
    plugins: fakeCluster({ runtime: { world, startDelayMs: 150, stopDelayMs: 50, jitter: 0.5 } }),
    serves: false,
    template: (version, broken) => ({
      image: `web:${version}`,
      labels: broken ? { 'fake/exit-after-ms': '200', 'fake/exit-code': '1' } : {},
      resources: { requests: { cpu: 50, memory: '32Mi' } },
    }),
    kill: async ({ meta, spec }) => {
      const machine = world.machine(spec.node as string);
      const workload = machine.workloads.get(meta.name);
      if (workload !== undefined) machine.exit(workload, clock, 137, 'SIGKILL');
    },
    leftovers: async () => [],
  };
}

function common(version: string, broken: boolean): TemplateInput {
  return {
    env: { VERSION: version, ...(broken ? { BROKEN: '1' } : {}) },
    resources: { requests: { cpu: 50, memory: '32Mi' } },
    ports: [{ target: PORT, published: 0, appProtocol: 'http' }],
    healthChecks: { readiness: { http: { port: PORT, path: '/healthz' }, intervalMs: 200 } },
  };
}

/** The service of the demo in one of its versions. */
export function service(platform: Platform, replicas: number, version: string, broken = false): ServiceInput {
  return {
    kind: 'service',
    meta: { name: 'web', labels: { app: 'hello' } },
    spec: {
      replicas,
      template: platform.template(version, broken),
      update: {
        parallelism: 2,
        order: 'start-first',
        monitorMs: 1500,
        progressDeadlineMs: 8000, // a version that never becomes ready has failed after this
        failureAction: 'rollback',
      },
      rollback: { parallelism: 0, monitorMs: 500 },
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
