import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Docker from 'dockerode';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeWith } from '../support/services.ts';

interface Running {
  readonly task: string;
  readonly pid?: number;
  readonly id: string;
}

const program = fileURLToPath(new URL('./program.ts', import.meta.url));
const PATIENCE_MS = 60_000;
let dir = '';
const children: ChildProcess[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'gantry-crash-'));
});

afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode === null && child.signalCode === null) await end(child, 'SIGTERM');
  }
  await rm(dir, { recursive: true, force: true });
});

describe('a program that is killed with its embedded cluster (processes)', () => {
  test('leaves its tasks running; started again, it removes them before its own', async () => {
    const first = await run('process', 'crash-process');
    await end(first.child, 'SIGKILL');
    for (const { pid } of first.running)
      expect(isAlive(pid as number), `pid ${pid} outlives the program`).toBe(true);
    const second = await run('process', 'crash-process');
    await untilDead(first.running);
    expect(second.running).toHaveLength(4);
    for (const { pid } of second.running) expect(isAlive(pid as number)).toBe(true);
    await end(second.child, 'SIGTERM');
    await untilDead(second.running);
  });
});

describeWith('docker', 'a program that is killed with its embedded cluster (containers)', () => {
  const docker = new Docker();
  const left = async (): Promise<string[]> => {
    const filters = { label: ['gantry.cluster=crash-docker'] };
    return (await docker.listContainers({ all: true, filters })).map(({ Id }) => Id);
  };

  test('leaves its containers running; started again, it removes them before its own', async () => {
    const first = await run('docker', 'crash-docker');
    await end(first.child, 'SIGKILL');
    expect((await left()).toSorted()).toEqual(first.running.map(({ id }) => id).toSorted());
    const second = await run('docker', 'crash-docker');
    expect((await left()).toSorted()).toEqual(second.running.map(({ id }) => id).toSorted());
    expect(second.running.some(({ id }) => first.running.some((old) => old.id === id))).toBe(false);
    await end(second.child, 'SIGTERM');
    expect(await left()).toEqual([]);
  });
});

/** Starts the program and waits until its service runs. */
async function run(
  runtime: string,
  name: string,
): Promise<{ child: ChildProcess; running: readonly Running[] }> {
  const args = ['--conditions=@gantry/source', '--import', 'tsx', program, runtime, dir, name];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const late = AbortSignal.timeout(PATIENCE_MS);
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream, signal: late })) {
    const said = JSON.parse(line) as { running?: readonly Running[] };
    if (said.running !== undefined) return { child, running: said.running };
  }
  throw new Error('the program ended, or said nothing in time');
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}

/**
 * Waits until these processes have ended: the kernel shows a process for a moment after its parent was notified of its
 * end.
 */
async function untilDead(running: readonly Running[]): Promise<void> {
  const alive = (): readonly number[] => running.map(({ pid }) => pid as number).filter(isAlive);
  await expect.poll(alive, { timeout: PATIENCE_MS }).toEqual([]);
}

/** Whether a process is alive; a zombie is not. */
function isAlive(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !/\) [ZX] /.test(stat);
  } catch {
    return false;
  }
}
