import { execFileSync } from 'node:child_process';
import type { RuntimeSpec, RuntimeTask } from '@gantry/core/contracts';
import type { TemplateSpec } from '@gantry/core/model';
import { SystemClock } from '@gantry/system';
import { silentLogger } from '@gantry/testing';
import { expect, vi } from 'vitest';
import { Gate } from '../../src/gate.ts';
import { DockerRuntime } from '../../src/index.ts';

export const BUSYBOX = 'gantry-test/busybox:1';

export const docker = (...args: readonly string[]): string =>
  execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

const base: TemplateSpec = {
  image: BUSYBOX,
  command: ['sleep', '1000'],
  args: [],
  env: {},
  labels: {},
  pullPolicy: 'never',
  resources: { requests: {}, limits: {} },
  ports: [],
  networks: [],
  mounts: [],
  init: false,
  stopGraceMs: 1000,
  drainMs: 0,
  healthChecks: { image: true },
};

export function specOf(task: string, template: Partial<TemplateSpec> = {}): RuntimeSpec {
  const attachment = { networks: [], ports: [], publish: [], env: {} };
  return { task, service: 'web', slot: '1', template: { ...base, ...template }, attachment };
}

export const sh = (script: string): Partial<TemplateSpec> => ({ command: ['sh', '-c', script] });

/** Runtimes and images of one test file; `clear` removes what they have made. */
export class Bench {
  readonly cluster: string;
  #open: DockerRuntime[] = [];
  readonly #images: string[] = [];

  constructor(name: string) {
    this.cluster = `${name}-${process.pid}`;
  }

  runtime(): DockerRuntime {
    const made = new DockerRuntime({
      owner: { cluster: this.cluster, node: 'n1' },
      clock: new SystemClock(),
      logger: silentLogger,
      timeoutMs: 60_000,
      network: 'none',
      resyncMs: 30_000,
      starts: new Gate(8),
    });
    this.#open.push(made);
    return made;
  }

  /** A runtime that follows the engine, and all that its events have told. */
  async following(): Promise<{ readonly runtime: DockerRuntime; readonly events: RuntimeTask[] }> {
    const runtime = this.runtime();
    await runtime.start();
    const events: RuntimeTask[] = [];
    const read = async (): Promise<void> => {
      for await (const batch of runtime.events(new AbortController().signal)) events.push(...batch);
    };
    void read();
    return { runtime, events };
  }

  /** An image like busybox, of a container created with these flags, and with these instructions of a Dockerfile. */
  image(changes: readonly string[], flags: readonly string[] = []): string {
    const name = `gantry-test/changed-${process.pid}-${this.#images.length}:1`;
    const container = docker('create', ...flags, BUSYBOX, 'true');
    docker('commit', ...changes.flatMap((change) => ['--change', change]), container, name);
    docker('rm', container);
    this.#images.push(name);
    return name;
  }

  container(task: string): string {
    return docker(
      'ps',
      '-aq',
      '--no-trunc',
      '--filter',
      `label=gantry.cluster=${this.cluster}`,
      '--filter',
      `label=gantry.task=${task}`,
    );
  }

  async clear(): Promise<void> {
    for (const runtime of this.#open) await runtime[Symbol.asyncDispose]();
    this.#open = [];
    const left = docker('ps', '-aq', '--filter', `label=gantry.cluster=${this.cluster}`)
      .split('\n')
      .filter(Boolean);
    if (left.length > 0) docker('rm', '-fv', ...left);
    for (const image of this.#images.splice(0)) docker('rmi', '-f', image);
  }
}

export async function linesOf(runtime: DockerRuntime, task: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const batch of runtime.logs(task)) lines.push(...batch.map(({ text }) => text));
  return lines;
}

/** Waits until the list reports this of a task. */
export async function listed(
  runtime: DockerRuntime,
  task: string,
  expected: Partial<RuntimeTask>,
): Promise<void> {
  await vi.waitFor(
    async () => expect((await runtime.list()).find((one) => one.task === task)).toMatchObject(expected),
    { timeout: 20_000, interval: 50 },
  );
}
