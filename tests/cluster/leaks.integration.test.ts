import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TemplateInput } from '@gantry/core/model';
import { createCluster } from '@gantry/host';
import { dockerCluster } from '@gantry/presets/docker';
import { processCluster } from '@gantry/presets/process';
import Docker from 'dockerode';
import { describe, expect, test } from 'vitest';
import { describeWith } from '../support/services.ts';

const TIMEOUT = { timeoutMs: 240_000 };

/** What keeps a process alive, or would pile up in it. */
async function held(): Promise<{ resources: readonly string[]; files: number }> {
  const ours = process
    .getActiveResourcesInfo()
    .filter((kind) => !/^(PipeWrap|TTYWrap|MessagePort|FSReqCallback|FSReqPromise)$/.test(kind));
  return { resources: ours.toSorted(), files: (await readdir('/proc/self/fd')).length };
}

/** What there is more of than before; timers and handles that were there at first may end meanwhile. */
async function piledUp(before: Awaited<ReturnType<typeof held>>): Promise<readonly string[]> {
  const { resources, files } = await held();
  const left = [...before.resources];
  const more = resources.filter((kind) => {
    const index = left.indexOf(kind);
    if (index >= 0) left.splice(index, 1);
    return index < 0;
  });
  return files > before.files + 1 ? [...more, `${files} open files, ${before.files} before`] : more;
}

describe('two clusters in one process, started and stopped again and again', () => {
  test('50 times with processes: no handle, timer, file or process is left', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'gantry-leaks-'));
    const round = (): Promise<void> =>
      twoClusters(() => processCluster({ runtime: { dir } }), {
        command: ['sleep', '3600'],
        ports: [{ target: 80, published: 0 }],
      });
    try {
      await round(); // what is made once and kept, such as DNS threads
      const before = await held();
      for (let i = 0; i < 50; i++) await round();
      // What is being closed takes a moment; what leaks stays.
      await expect.poll(() => piledUp(before), { timeout: 60_000 }).toEqual([]);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  }, 600_000);
});

describeWith('docker', 'two clusters on one engine, started and stopped again', () => {
  test('no container or network is left', async () => {
    const template = { image: 'gantry-test/busybox:1', command: ['sleep', '3600'], stopGraceMs: 0 };
    for (let i = 0; i < 3; i++) await twoClusters(() => dockerCluster(), template);
    const docker = new Docker();
    for (const name of ['leak-a', 'leak-b']) {
      const filters = { label: [`gantry.cluster=${name}`] };
      expect(await docker.listContainers({ all: true, filters })).toEqual([]);
      expect(await docker.listNetworks({ filters })).toEqual([]);
    }
  }, 600_000);
});

async function twoClusters(
  plugins: () => ReturnType<typeof processCluster>,
  template: TemplateInput,
): Promise<void> {
  await using a = await createCluster(plugins(), { name: 'leak-a', nodes: 2 });
  await using b = await createCluster(plugins(), { name: 'leak-b', nodes: 1 });
  for (const { api } of [a, b]) {
    await api.apply({ kind: 'service', meta: { name: 'app' }, spec: { replicas: 2, template } });
  }
  for (const { api } of [a, b]) await api.wait('service', 'app', 'Available', TIMEOUT);
}
