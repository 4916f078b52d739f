import type { ServiceInput } from '@gantry/core';
import { isGantryError, parseId } from '@gantry/core';
import { HistoryCheck, livenessProblems, safetyProblems } from './checks.ts';
import { SimCluster } from './sim-cluster.ts';

const STEPS = 30;
const NODES = ['n1', 'n2', 'n3', 'n4'];
/** `c` is global. */
const SERVICES = ['a', 'b', 'c'];
/** And one of another namespace, and one that waits for `a`. */
const MORE_SERVICES = [...SERVICES, 'team-a/a', 'd'];
/** Long enough for every back-off, down-time and update to come to its end. */
const QUIET_MS = 15 * 60_000;

export interface Outcome {
  readonly problems: readonly string[];
  readonly log: readonly string[];
}

/**
 * One random history of a cluster, a function of its seed; says what went wrong, if anything did. `first` draws from the
 * commands there were at first, so that the seeds found then still show what they showed.
 */
export async function simulate(seed: number, commands: 'first' | 'all' = 'all'): Promise<Outcome> {
  const sim = new SimCluster(seed);
  const log: string[] = [];
  const history = new HistoryCheck();
  const over = new AbortController();
  const following = history.follow(sim, over.signal);
  const problems: string[] = [];
  const act = new Actions(sim, log, commands === 'all');
  try {
    await sim.startControl();
    for (const name of NODES) sim.startMachine(name);
    await sim.clock.advance(1000);
    for (let step = 0; step < STEPS && problems.length === 0; step++) {
      await act.random();
      await sim.clock.advance(Math.floor(sim.random.next() ** 3 * 30_000));
      problems.push(...(await safetyProblems(sim)), ...history.problems);
    }
    if (problems.length > 0) return { problems, log };
    log.push('faults stop');
    await act.healEverything();
    await sim.clock.advance(QUIET_MS);
    problems.push(...(await safetyProblems(sim)), ...history.problems, ...(await livenessProblems(sim)));
    return { problems, log };
  } finally {
    await sim.close();
    over.abort();
    await following;
  }
}

/** What users and fate do to a cluster. */
class Actions {
  readonly #sim: SimCluster;
  readonly #log: string[];
  readonly #all: boolean;
  #image = 0;

  constructor(sim: SimCluster, log: string[], all: boolean) {
    this.#sim = sim;
    this.#log = log;
    this.#all = all;
  }

  async random(): Promise<void> {
    const actions: readonly (readonly [weight: number, name: string, act: () => Promise<void>])[] = [
      [6, 'apply', () => this.#apply()],
      [3, 'scale', () => this.#withService((name) => this.#sim.api?.scale(name, this.#below(7)))],
      [1, 'restart', () => this.#withService((name) => this.#sim.api?.restart(name))],
      [1, 'rollback', () => this.#withService((name) => this.#sim.api?.rollback(name))],
      [1, 'delete', () => this.#withService((name) => this.#sim.api?.delete('service', name))],
      [2, 'kill', () => this.#withNode((name) => this.#sim.kill(name))],
      [2, 'crash agent', () => this.#withNode((name) => this.#sim.crashAgent(name))],
      [4, 'start machine', () => this.#startOne()],
      [2, 'cut', () => this.#link('cut')],
      [1, 'lose replies', () => this.#link('loses-replies')],
      [3, 'mend', () => this.#link('up')],
      [2, 'crash control', () => this.#sim.crashControl()],
      [3, 'start control', () => this.#startControl()],
      [2, 'drain', () => this.#availability('drain')],
      [2, 'activate', () => this.#availability('active')],
      [1, 'pause', () => this.#availability('pause')],
      [2, 'crash a task', () => this.#crashTask()],
      ...(this.#all ? this.#more() : []),
    ];
    let pick = this.#sim.random.next() * actions.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, name, act] of actions) {
      pick -= weight;
      if (pick > 0) continue;
      this.#log.push(`${this.#sim.clock.elapsed()} ${name}`);
      await act();
      return;
    }
  }

  #more(): readonly (readonly [weight: number, name: string, act: () => Promise<void>])[] {
    const pause = (paused: boolean) =>
      this.#withService((name) => this.#sim.api?.patch('service', name, { spec: { paused } }));
    return [
      [2, 'taint', () => this.#taints([{ key: 'bad', effect: this.#oneOf(['NoSchedule', 'NoExecute']) }])],
      [2, 'untaint', () => this.#taints([])],
      [1, 'pause a service', () => pause(true)],
      [2, 'resume a service', () => pause(false)],
    ];
  }

  get #services(): readonly string[] {
    return this.#all ? MORE_SERVICES : SERVICES;
  }

  async #taints(taints: readonly object[]): Promise<void> {
    await this.#tolerate(this.#sim.api?.patch('node', this.#oneOf(NODES), { spec: { taints } }));
  }

  async healEverything(): Promise<void> {
    for (const { link } of this.#sim.machines.values()) link.state = 'up';
    this.#sim.controlLink.state = 'up';
    await this.#startControl();
    for (const name of NODES) if (!this.#sim.isUp(name)) this.#sim.startMachine(name);
    await this.#sim.clock.advance(60_000);
    const { api } = this.#sim;
    for (const name of NODES) await api?.setAvailability(name, 'active').catch(() => undefined);
    if (!this.#all) return;
    for (const name of NODES) await this.#tolerate(api?.patch('node', name, { spec: { taints: [] } }));
    for (const name of MORE_SERVICES)
      await this.#tolerate(api?.patch('service', name, { spec: { paused: false } }));
  }

  async #apply(): Promise<void> {
    const id = this.#oneOf(this.#services);
    const { name, namespace } = parseId(id);
    const bad = this.#sim.random.next() < 0.2;
    const trouble = this.#all ? this.#trouble() : {};
    const input: ServiceInput = {
      kind: 'service',
      meta: namespace === 'default' ? { name } : { name, namespace },
      spec: {
        ...(id === 'c' ? { mode: 'global' as const } : { replicas: this.#below(6) }),
        ...(id === 'd' ? { dependsOn: [{ service: 'a', condition: 'healthy' as const }] } : {}),
        ...(this.#all && id === 'b' ? { placement: { tolerations: [{ key: 'bad' }] } } : {}),
        template: {
          image: `img:${++this.#image}`,
          labels: { ...(bad ? { 'fake/exit-after-ms': '500', 'fake/exit-code': '3' } : {}), ...trouble },
          resources: { requests: { cpu: 100 } },
          drainMs: 0,
        },
        restart: { delayMs: 500, maxDelayMs: 10_000 },
        update: {
          parallelism: this.#below(3),
          order: this.#oneOf(['start-first', 'stop-first'] as const),
          failureAction: this.#oneOf(['pause', 'continue', 'rollback'] as const),
          monitorMs: 2000,
          progressDeadlineMs: 120_000,
        },
      },
    };
    await this.#tolerate(this.#sim.api?.apply(input, { force: true }));
  }

  /** Ways in which a template, or one node, is bad; most templates are good. */
  #trouble(): Record<string, string> {
    const kinds: readonly Record<string, string>[] = [
      { 'fake/pull': 'missing', 'fake/pull-ms': '200' },
      { 'fake/pull': 'unreachable', 'fake/pull-ms': '200' },
      { 'fake/pull': 'hang', 'fake/pull-ms': '200' },
      { 'fake/pull-ms': '3000' },
      { 'fake/exit-after-ms': '300', 'fake/exit-code': '7', 'fake/bad-nodes': 'n1' },
      { 'fake/fail-start': '1', 'fake/bad-nodes': 'n2' },
      { 'fake/unavailable-ms': '5000' },
    ];
    return this.#sim.random.next() < 0.35 ? this.#oneOf(kinds) : {};
  }

  async #withService(act: (name: string) => Promise<unknown> | undefined): Promise<void> {
    await this.#tolerate(act(this.#oneOf(this.#services)));
  }

  async #withNode(act: (name: string) => Promise<void>): Promise<void> {
    const up = NODES.filter((name) => this.#sim.isUp(name));
    if (up.length > 0) await act(this.#oneOf(up));
  }

  async #startOne(): Promise<void> {
    const down = NODES.filter((name) => !this.#sim.isUp(name));
    if (down.length > 0) this.#sim.startMachine(this.#oneOf(down));
  }

  async #startControl(): Promise<void> {
    if (this.#sim.control === undefined) await this.#sim.startControl();
  }

  async #link(state: 'up' | 'cut' | 'loses-replies'): Promise<void> {
    const machine = this.#sim.machines.get(this.#oneOf(NODES));
    if (machine !== undefined) machine.link.state = state;
  }

  async #availability(availability: 'active' | 'pause' | 'drain'): Promise<void> {
    await this.#tolerate(this.#sim.api?.setAvailability(this.#oneOf(NODES), availability));
  }

  async #crashTask(): Promise<void> {
    const { world, clock } = this.#sim;
    const machine = world.machine(this.#oneOf(NODES));
    const running = [...machine.workloads.values()].filter(({ status }) => status.state === 'running');
    if (running.length > 0) machine.exit(this.#oneOf(running), clock, 139, 'SIGSEGV');
  }

  /** A user whose wish is refused for a reason is no failure of the cluster. */
  async #tolerate(promise: Promise<unknown> | undefined): Promise<void> {
    try {
      await promise;
    } catch (error) {
      if (!isGantryError(error, 'NOT_FOUND', 'CONFLICT', 'INVALID_OBJECT')) throw error;
    }
  }

  #below(bound: number): number {
    return Math.floor(this.#sim.random.next() * bound);
  }

  #oneOf<T>(list: readonly T[]): T {
    return list[this.#below(list.length)] as T;
  }
}
