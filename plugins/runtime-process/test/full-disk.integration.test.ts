import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuntimeSpec } from '@gantry/core/contracts';
import type { TemplateSpec } from '@gantry/core/model';
import { SystemClock } from '@gantry/system';
import { afterEach, expect, test } from 'vitest';
import { ProcessRuntime } from '../src/process-runtime.ts';

let dir = '';
let mounted = false;
afterEach(() => {
  if (mounted) execFileSync('umount', ['-l', dir]);
  mounted = false;
  rmSync(dir, { recursive: true, force: true });
});

/** A small file system, or undefined where that is not permitted. */
function smallDisk(): string | undefined {
  dir = mkdtempSync(join(tmpdir(), 'gantry-full-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'small', dir], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  mounted = true;
  return dir;
}

function fill(): void {
  for (let size = 65_536; size >= 1; size = Math.floor(size / 2))
    for (let room = true; room; ) {
      try {
        appendFileSync(join(dir, 'filler'), Buffer.alloc(size));
      } catch {
        room = false;
      }
    }
}

function runtime(): ProcessRuntime {
  const setup = { cluster: 'c', node: 'n', clock: new SystemClock(), dir: join(dir, 'r') };
  return new ProcessRuntime({ ...setup, logBytes: 65_536, inheritEnv: false });
}

function spec(task: string, command: readonly string[]): RuntimeSpec {
  const template: TemplateSpec = {
    command,
    args: [],
    env: {},
    labels: {},
    pullPolicy: 'missing',
    resources: { requests: {}, limits: {} },
    ports: [],
    networks: [],
    mounts: [],
    init: false,
    stopGraceMs: 1000,
    drainMs: 0,
    healthChecks: { image: true },
  };
  const attachment = { networks: [], ports: [], publish: [], env: {} };
  return { task, service: 'a', slot: '1', template, attachment };
}

async function eventually(check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('tasks run on despite a full disk, their ends are known and recorded, and a failed start leaves no process', async (context) => {
  if (smallDisk() === undefined) return context.skip('needs permission to mount a tmpfs');
  const first = runtime();
  await first.start();
  const endless = ['sh', '-c', 'while :; do echo hello; sleep 0.01; done'];
  await first.ensure(spec('a.1', endless));
  await first.ensure(spec('a.2', ['sh', '-c', `while [ ! -e ${dir}/go ]; do sleep 0.05; done; exit 7`]));
  execFileSync('mkfifo', [join(dir, 'go-later')]);
  fill();
  for (let time = 0; time < 5; time++) {
    await expect(first.ensure(spec('a.3', endless))).rejects.toMatchObject({ code: 'EXHAUSTED' });
  }
  const running = execFileSync('sh', ['-c', `grep -lsa 'GANTRY_TASK=a.3' /proc/[0-9]*/environ || true`]);
  expect(running.toString()).toBe('');
  execFileSync('mv', [join(dir, 'go-later'), join(dir, 'go')]); // needs no space
  const states = async (from: ProcessRuntime): Promise<unknown> =>
    (await from.list()).map(({ task, state, exitCode }) => [task, state, exitCode]).sort();
  const expected = [
    ['a.1', 'running', undefined],
    ['a.2', 'exited', 7],
  ];
  await eventually(async () => JSON.stringify(await states(first)).includes('exited'));
  expect(await states(first)).toEqual(expected);
  await first[Symbol.asyncDispose]();
  // The next program finds the same, while the disk is still full.
  const second = runtime();
  await second.start();
  expect(await states(second)).toEqual(expected);
  rmSync(join(dir, 'filler'));
  await second.ensure(spec('a.3', endless));
  for (const task of ['a.1', 'a.2', 'a.3']) await second.remove(task);
  expect(await second.list()).toEqual([]);
  await second[Symbol.asyncDispose]();
});
