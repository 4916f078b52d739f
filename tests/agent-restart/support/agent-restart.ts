import { isFinal, type PortAddress, type Task } from '@gantry/core/model';
import { SeededRandom } from '@gantry/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { History, slotsWithTwo } from '../../ha/support/history.ts';
import { type Living, startOf } from './machine.ts';
import { Rig } from './rig.ts';
import { ELASTIC, type RuntimeName } from './workload.ts';

export interface AgentRestartOptions {
  readonly runtime: RuntimeName;
  readonly tasks: number;
  /** More of them make a longer proof. */
  readonly rounds: number;
  /** An agent is killed within this time from when something begins, ms. */
  readonly withinMs: number;
}

/** What goes on when the agents are killed. */
const MOMENTS = ['starting', 'updating', 'stopping', 'nothing'] as const;
type Moment = (typeof MOMENTS)[number];
/** An agent that comes back may be killed again within this time: while it boots, or adopts. */
const AGAIN_WITHIN_MS = 2500;
const ROUND_MS = 180_000;
const START_MS = 240_000;

/**
 * The laws of agents that come and go, over one cluster whose tasks are started once. While an agent is down its load
 * balancer is down too, since it runs in the agent: requests to published ports of that host fail, and those in flight
 * are cut; other hosts keep sending to its tasks. So the only requirement is that the ports answer again.
 */
export function agentRestart({ runtime, tasks: count, rounds, withinMs }: AgentRestartOptions): void {
  const random = new SeededRandom(20_27);
  const adoptMs: number[] = [];
  let rig: Rig;
  let history: History;

  beforeAll(async () => {
    rig = await Rig.start(runtime, count);
    await rig.settled();
    history = new History(rig.cluster.store, (await rig.cluster.store.list('leader/')).revision);
  }, START_MS);

  afterAll(async () => {
    await history?.end();
    await rig?.[Symbol.asyncDispose]();
  }, START_MS);

  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => setTimeout(resolve, random.next() * ms));
  const begin = async (moment: Moment): Promise<void> => {
    if (moment === 'starting') await rig.scale('elastic', ELASTIC);
    if (moment === 'stopping') await rig.scale('elastic', 0);
    if (moment === 'updating') await rig.roll();
  };
  const endAll = (signal: 'SIGKILL' | 'SIGTERM', ms: number): Promise<readonly (number | null)[]> =>
    Promise.all(rig.cluster.agents.map((agent) => pause(ms).then(() => agent.end(signal))));

  /** Starts the agents that are down, and resolves once the tasks are theirs again: what `adoptMs` tells, boot included. */
  const comeBack = async (tasks: readonly Task[]): Promise<void> => {
    const from = performance.now();
    await rig.cluster.startAgents();
    await rig.adopted(tasks);
    adoptMs.push(Math.round(performance.now() - from));
    await rig.answers();
  };

  const round = async (moment: Moment, signal: 'SIGKILL' | 'SIGTERM', twice: boolean): Promise<void> => {
    const before = await rig.settled();
    const stay = rig.constant(before.tasks);
    const sessions = await rig.sessions();
    await begin(moment);
    const codes = await endAll(signal, withinMs);
    if (signal === 'SIGTERM') expect(codes, 'exit codes').toEqual([0, 0]);
    expect(gone(stay, before.living, await rig.machine.look()), `${moment}: without agents`).toEqual([]);
    if (twice) {
      for (const agent of rig.cluster.agents) agent.start();
      await endAll('SIGKILL', AGAIN_WITHIN_MS);
    }
    await comeBack(stay);
    const after = await rig.settled();
    expect(gone(stay, before.living, after.living), `${moment}: with new agents`).toEqual([]);
    expect(rig.constant(after.tasks).map(identityOf)).toEqual(stay.map(identityOf));
    const again = await rig.sessions();
    expect(again.filter((session) => sessions.includes(session))).toEqual([]);
    expect(added(before.tasks, after.tasks)).toEqual(
      moment === 'starting'
        ? { elastic: ELASTIC }
        : moment === 'updating'
          ? { rolled: rig.wanted.get('rolled') }
          : {},
    );
  };

  test(`agents that are killed at any moment, ${rounds} times, are followed by agents that adopt every task: the same starts, the same objects, none started twice`, {
    timeout: (rounds + 1) * ROUND_MS,
  }, async () => {
    for (let number = 0; number < rounds; number++)
      await round(MOMENTS[number % MOMENTS.length] as Moment, 'SIGKILL', number % 2 === 1);
  });

  test('agents that shut down cleanly, as for an upgrade, leave their tasks running to their successors, in the middle of an update', {
    timeout: 2 * ROUND_MS,
  }, async () => {
    await round('updating', 'SIGTERM', false);
  });

  test('a task of whose start no report has come is adopted as well, and reached where it listens', {
    timeout: 2 * ROUND_MS,
  }, async () => {
    rig.cluster.reports.closed = true;
    await rig.scale('late', 1);
    const ofLate = ({ task }: Living): boolean => task.startsWith('late.');
    const started = async (): Promise<Living | undefined> => (await rig.machine.look()).find(ofLate);
    const before = (await rig.cluster.until(started, 'its start')) as Living;
    await endAll('SIGKILL', 0);
    rig.cluster.reports.closed = false;
    await comeBack([]);
    const { tasks, living } = await rig.settled();
    expect(living.filter(ofLate).map(startOf)).toEqual([startOf(before)]);
    const [{ status, meta }] = tasks.filter(({ spec }) => spec.service === 'late') as [Task];
    expect(meta.name).toBe(before.task);
    const [{ address, port }] = status.ports as readonly [PortAddress];
    expect((await fetch(`http://${address}:${port}/`)).status).toBe(200);
  });

  test('a task that ends while its agent is down is reported failed and replaced, once; no other is', {
    timeout: 2 * ROUND_MS,
  }, async () => {
    const before = await rig.settled();
    const victim = rig.constant(before.tasks).find(({ spec }) => spec.service === 'steady') as Task;
    const stay = rig.constant(before.tasks).filter((task) => task !== victim);
    await endAll('SIGKILL', 0);
    const living = before.living.find(({ task }) => task === victim.meta.name) as Living;
    await rig.machine.kill(living);
    await comeBack(stay);
    const { status } = (await rig.cluster.until(async () => {
      const task = await rig.cluster.api.get('task', victim.meta.name);
      return isFinal(task.status.state) && task;
    }, 'the end to be noticed')) as Task;
    expect(status).toMatchObject({ state: 'failed', reason: 'Exited', runtimeId: living.id });
    const after = await rig.settled();
    expect(gone(stay, before.living, after.living)).toEqual([]);
    expect(added(before.tasks, after.tasks)).toEqual({ steady: 1 });
    const next = after.tasks.find(({ spec }) => spec.service === 'steady' && spec.slot === victim.spec.slot);
    expect(next?.spec.attempt).toBe(victim.spec.attempt + 1);
  });

  test('adopted tasks obey: their logs are whole, scaled down they end, and nothing is left of them', {
    timeout: 2 * ROUND_MS,
  }, async () => {
    const { tasks } = await rig.settled();
    for (const { meta, status } of tasks.filter(({ spec }) => spec.service === 'chatty')) {
      const numbers: number[] = [];
      for await (const lines of rig.cluster.api.logs({ task: meta.name }))
        numbers.push(...lines.map(({ text }) => Number(text)));
      expect(numbers, `lines of ${meta.name}`).toEqual(numbers.map((_, index) => index));
      // Nearly two a second, the time without agents included.
      expect(numbers.length).toBeGreaterThan((Date.now() - (status.startedAt as number)) / 2000);
    }
    await Promise.all([...rig.wanted.keys()].map((service) => rig.cluster.api.scale(service, 0)));
    await rig.cluster.until(async () => (await rig.machine.look()).length === 0, 'all tasks to end');
    await Promise.all([...rig.wanted.keys()].map((service) => rig.cluster.api.delete('service', service)));
    await rig.empty();
    expect(await endAll('SIGTERM', 0), 'exit codes').toEqual([0, 0]);
    expect(await rig.machine.networks()).toEqual([]);
    const events = await history.end();
    expect(slotsWithTwo(events)).toEqual([]);
    const sorted = adoptMs.toSorted((a, b) => a - b);
    const median = sorted[Math.floor(sorted.length / 2)];
    console.log(JSON.stringify({ test: 'agent-restart', runtime, tasks: count, rounds, adoptMs: median }));
  });
}

/** Those of the tasks that do not live, or whose start is another one. */
function gone(
  tasks: readonly Task[],
  before: readonly Living[],
  after: readonly Living[],
): readonly string[] {
  const starts = (living: readonly Living[], name: string): string =>
    living
      .filter(({ task }) => task === name)
      .map(startOf)
      .join(' and ');
  return tasks.flatMap(({ meta }) => {
    const [was, is] = [starts(before, meta.name), starts(after, meta.name)];
    return was === is && was !== '' ? [] : [`${meta.name} was ${was || 'nowhere'}, is ${is || 'nowhere'}`];
  });
}

/** What stays of a task's object as long as the task runs. */
function identityOf({ meta, spec, status }: Task): unknown {
  const { runtimeId, pid, startedAt, since, state, ready, ports } = status;
  return { name: meta.name, uid: meta.uid, spec, runtimeId, pid, startedAt, since, state, ready, ports };
}

/** How many tasks of each service are new. */
function added(before: readonly Task[], after: readonly Task[]): Readonly<Record<string, number>> {
  const known = new Set(before.map(({ meta }) => meta.name));
  const counts: Record<string, number> = {};
  for (const { meta, spec } of after)
    if (!known.has(meta.name)) counts[spec.service] = (counts[spec.service] ?? 0) + 1;
  return counts;
}
