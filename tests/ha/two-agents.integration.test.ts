import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startNats } from '../support/nats-server.ts';
import { describeWith } from '../support/services.ts';
import { HaCluster } from './support/ha-cluster.ts';
import type { PartProcess } from './support/part-process.ts';
import { taskProcesses } from './support/processes.ts';

const bin = fileURLToPath(new URL('../../packages/cli/bin/gantry.js', import.meta.url));
const SLOTS = 6;
const LOOK_MS = 20;
const TIMEOUT = { timeout: 60_000 };

/** `gantry agent` of node n1, with a folder of its own. */
class Agent {
  readonly folder: string;
  readonly child: ChildProcess;
  said = '';

  constructor(folder: string, args: readonly string[]) {
    this.folder = folder;
    const own = [
      'agent',
      '--node',
      'n1',
      '--runtime',
      'process',
      '--data',
      folder,
      '--log-level',
      'warn',
      ...args,
    ];
    this.child = spawn(process.execPath, [bin, ...own], {
      env: { PATH: process.env.PATH, HOME: folder, GANTRY_FROM_SOURCE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (part) => {
        this.said += String(part);
      });
  }

  /** Registered. */
  async ready(): Promise<void> {
    await vi.waitFor(() => expect(this.said).toContain('Ctrl-C ends its agent'), TIMEOUT);
  }

  async exit(): Promise<number | null> {
    if (this.child.exitCode !== null) return this.child.exitCode;
    const [code] = (await once(this.child, 'exit')) as [number | null];
    return code;
  }
}

describeWith(['nats'], 'two agents with one node name', () => {
  let folder = '';
  let nats: Awaited<ReturnType<typeof startNats>>;
  let ha: HaCluster;
  let first: Agent;
  const agents: Agent[] = [];
  const counts: number[] = [];
  let watching: NodeJS.Timeout | undefined;

  const agent = (name: string, ...args: string[]): Agent => {
    const cluster = (ha.servers[0] as PartProcess).config.cluster;
    const added = new Agent(join(folder, name), ['--name', cluster, '--nats', nats.url, ...args]);
    agents.push(added);
    return added;
  };
  const processes = (): readonly string[] =>
    taskProcesses(agents.map(({ folder: own }) => own)).map(({ task, pid }) => `${task} ${pid}`);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gantry-two-agents-'));
    nats = await startNats();
    const store = { kind: 'nats', servers: [nats.url], replicas: 1 } as const;
    ha = await HaCluster.start({ nats: [nats.url], store, servers: 2, agents: 0 });
    first = agent('first');
    await first.ready();
    watching = setInterval(() => counts.push(processes().length), LOOK_MS);
    const template = { command: ['sleep', '100000'], stopGraceMs: 500 };
    await ha.api().apply({ kind: 'service', meta: { name: 'six' }, spec: { replicas: SLOTS, template } });
    await ha.api().wait('service', 'six', 'Available', { timeoutMs: 60_000 });
  });
  afterAll(async () => {
    clearInterval(watching);
    await ha?.api().delete('service', 'six');
    await vi.waitFor(() => expect(processes()).toEqual([]), TIMEOUT);
    for (const { child } of agents) child.kill('SIGKILL');
    await ha?.[Symbol.asyncDispose]();
    await nats?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  test('the second one is rejected while the first one is in contact, and changes nothing', async () => {
    const before = processes();
    const second = agent('second');
    expect(await second.exit()).toBe(4);
    expect(second.said).toContain(
      `ALREADY_EXISTS agent: start failed: node n1 is run by another agent: process ${first.child.pid}`,
    );
    expect(second.said).toContain('--take-over');
    expect(processes()).toEqual(before);
  });

  test('the second one is rejected by a new leader that the first one has not contacted yet', async () => {
    const before = processes();
    const leader = (await ha.until(() => ha.leader(), 'a leader')) as PartProcess;
    const { number } = await ha.term();
    first.child.kill('SIGSTOP');
    await leader.end();
    await ha.until(async () => (await ha.term()).number > number, 'the next term');
    const second = agent('third');
    expect(await second.exit()).toBe(4);
    expect(second.said).toContain('ALREADY_EXISTS');
    first.child.kill('SIGCONT');
    await ha.api().wait('node', 'n1', ({ status }) => status.state === 'ready', { timeoutMs: 60_000 });
    await ha.api().wait('service', 'six', 'Available', { timeoutMs: 60_000 });
    expect(processes()).toEqual(before);
  });

  test('the second one takes over if asked to: the tasks of the first one end before others start', async () => {
    const second = agent('fourth', '--take-over');
    await second.ready();
    const ofFirst = (): number => taskProcesses([first.folder]).length;
    const ofSecond = (): number => taskProcesses([second.folder]).length;
    await expect.poll(() => [ofFirst(), ofSecond()], TIMEOUT).toEqual([0, SLOTS]);
    await ha.api().wait('service', 'six', 'Available', { timeoutMs: 60_000 });
    // The first one runs on, and has nothing to do.
    expect(first.child.exitCode).toBe(null);
    expect([ofFirst(), ofSecond()]).toEqual([0, SLOTS]);
    expect(Math.max(...counts)).toBe(SLOTS);
  });
});
