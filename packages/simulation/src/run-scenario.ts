import type { Outcome, Scenario, ScenarioContext } from './scenario.ts';
import { SimulatedCluster, type SimulationOptions } from './simulated-cluster.ts';

const STEPS = 30;
const MAX_PAUSE_MS = 30_000;
/** Long enough for every backoff, down-time and update to end. */
const QUIET_MS = 15 * 60_000;
/** Time after the links are restored for pending requests to notice. */
const RETURN_MS = 60_000;

/** Plays one history of a scenario, a function of its seed; ends with the first problem. */
export async function runScenario(scenario: Scenario, options: SimulationOptions = {}): Promise<Outcome> {
  const { steps = STEPS, maxPauseMs = MAX_PAUSE_MS, quietMs = QUIET_MS } = scenario;
  const cluster = new SimulatedCluster(options);
  const { seed, random, clock } = cluster;
  const always = scenario.always.map((invariant) => invariant(cluster));
  const finals = scenario.finally.map((invariant) => invariant(cluster));
  const log: string[] = [];
  const context = contextOf(cluster, Object.keys(scenario.machines));
  try {
    await cluster.startControlPlane();
    for (const [name, machine] of Object.entries(scenario.machines)) cluster.startMachine(name, machine);
    await clock.advance(1000);
    for (let step = 0; step < steps; step++) {
      const action = drawn(scenario.actions, random.next());
      log.push(`${clock.elapsed()} ${action.name}`);
      await action.run(context);
      await clock.advance(Math.floor(random.next() ** 3 * maxPauseMs));
      const problems = await broken(always);
      if (problems.length > 0) return { seed, problems, log };
    }
    log.push('faults stop');
    await heal(scenario, context);
    await clock.advance(quietMs);
    return { seed, problems: [...(await broken(always)), ...(await broken(finals))], log };
  } finally {
    await cluster[Symbol.asyncDispose]();
  }
}

function contextOf(cluster: SimulatedCluster, machines: readonly string[]): ScenarioContext {
  const below = (bound: number): number => Math.floor(cluster.random.next() * bound);
  return { cluster, machines, below, oneOf: (list) => list[below(list.length)] as (typeof list)[number] };
}

/** The action at this share of all weights, from 0 to below 1. */
function drawn(actions: Scenario['actions'], share: number): Scenario['actions'][number] {
  let pick = share * actions.reduce((sum, { weight }) => sum + weight, 0);
  for (const action of actions) {
    pick -= action.weight;
    if (pick <= 0) return action;
  }
  throw new RangeError('a scenario needs actions');
}

async function broken(checks: readonly ReturnType<Scenario['always'][number]>[]): Promise<string[]> {
  const problems: string[] = [];
  for (const check of checks) problems.push(...(await check()));
  return problems;
}

async function heal(scenario: Scenario, context: ScenarioContext): Promise<void> {
  const { cluster, machines } = context;
  cluster.controlLink.state = 'up';
  for (const name of machines) cluster.link(name).state = 'up';
  await cluster.startControlPlane();
  for (const name of machines) if (!cluster.isUp(name)) cluster.startMachine(name);
  await cluster.clock.advance(RETURN_MS);
  await scenario.heal?.(context);
}
