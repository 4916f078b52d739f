import { isGantryError } from '@gantry/core';
import { parseId, type ServiceInput } from '@gantry/core/model';
import {
  type Action,
  faults,
  nodesKeepTheirPromises,
  nothingRunsUnknown,
  type Scenario,
  type ScenarioContext,
  servicesSettle,
  slotsHaveOneTask,
  tasksMoveForward,
} from '../../src/index.ts';

const MACHINES = Object.freeze({
  n1: { labels: { zone: 'zone-1' } },
  n2: { labels: { zone: 'zone-0' } },
  n3: { labels: { zone: 'zone-1' } },
  n4: { labels: { zone: 'zone-0' } },
});
/** `c` is global. */
const FIRST_SERVICES = ['a', 'b', 'c'];
/** And one of another namespace, and one that waits for `a`. */
const SERVICES = [...FIRST_SERVICES, 'team-a/a', 'd'];

/**
 * Users and faults at random. `first` draws from the commands there were at first, so that the seeds found then still show
 * what they showed.
 */
export function scenario(commands: 'first' | 'all' = 'all'): Scenario {
  const users = new Users(commands === 'all');
  return {
    machines: MACHINES,
    actions: users.actions(),
    heal: (context) => users.heal(context),
    always: [nodesKeepTheirPromises, slotsHaveOneTask, tasksMoveForward],
    finally: [servicesSettle, nothingRunsUnknown],
  };
}

/** What users do to a cluster. */
class Users {
  readonly #all: boolean;
  readonly #services: readonly string[];
  #image = 0;

  constructor(all: boolean) {
    this.#all = all;
    this.#services = all ? SERVICES : FIRST_SERVICES;
  }

  actions(): readonly Action[] {
    return [
      act(6, 'apply', (context) => this.#apply(context)),
      this.#onService(3, 'scale', ({ cluster, below }, name) => cluster.api.scale(name, below(7))),
      this.#onService(1, 'restart', ({ cluster }, name) => cluster.api.restart(name)),
      this.#onService(1, 'rollback', ({ cluster }, name) => cluster.api.rollback(name)),
      this.#onService(1, 'delete', ({ cluster }, name) => cluster.api.delete('service', name)),
      faults.loseMachine,
      faults.crashAgent,
      faults.startMachine,
      faults.cutLink,
      faults.loseReplies,
      faults.mendLink,
      faults.crashControlPlane,
      faults.startControlPlane,
      availability(2, 'drain'),
      availability(2, 'active'),
      availability(1, 'pause'),
      { ...faults.crashTask, weight: 2 },
      ...(this.#all ? this.#more() : []),
    ];
  }

  async heal({ cluster, machines }: ScenarioContext): Promise<void> {
    for (const name of machines) await tolerate(() => cluster.api.setAvailability(name, 'active'));
    if (!this.#all) return;
    for (const name of machines)
      await tolerate(() => cluster.api.patch('node', name, { spec: { taints: [] } }));
    for (const name of SERVICES)
      await tolerate(() => cluster.api.patch('service', name, { spec: { paused: false } }));
  }

  #more(): readonly Action[] {
    return [
      taints(2, 'taint', ({ oneOf }) => [{ key: 'bad', effect: oneOf(['NoSchedule', 'NoExecute']) }]),
      taints(2, 'untaint', () => []),
      this.#paused(1, 'pause a service', true),
      this.#paused(2, 'resume a service', false),
    ];
  }

  #paused(weight: number, name: string, paused: boolean): Action {
    return this.#onService(weight, name, ({ cluster }, service) =>
      cluster.api.patch('service', service, { spec: { paused } }),
    );
  }

  #onService(
    weight: number,
    name: string,
    run: (context: ScenarioContext, service: string) => Promise<unknown>,
  ): Action {
    return act(weight, name, async (context) => run(context, context.oneOf(this.#services)));
  }

  async #apply(context: ScenarioContext): Promise<void> {
    const { cluster, oneOf, below } = context;
    const id = oneOf(this.#services);
    const { name, namespace } = parseId(id);
    const bad = cluster.random.next() < 0.2;
    const trouble = this.#all ? troubleOf(context) : {};
    const input: ServiceInput = {
      kind: 'service',
      meta: namespace === 'default' ? { name } : { name, namespace },
      spec: {
        ...(id === 'c' ? { mode: 'global' as const } : { replicas: below(6) }),
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
          parallelism: below(3),
          order: oneOf(['start-first', 'stop-first'] as const),
          failureAction: oneOf(['pause', 'continue', 'rollback'] as const),
          monitorMs: 2000,
          progressDeadlineMs: 120_000,
        },
      },
    };
    await cluster.api.apply(input, { force: true });
  }
}

/** Ways in which a template, or one node, is bad; most templates are good. */
function troubleOf({ cluster, oneOf }: ScenarioContext): Record<string, string> {
  const kinds: readonly Record<string, string>[] = [
    { 'fake/pull': 'missing', 'fake/pull-ms': '200' },
    { 'fake/pull': 'unreachable', 'fake/pull-ms': '200' },
    { 'fake/pull': 'hang', 'fake/pull-ms': '200' },
    { 'fake/pull-ms': '3000' },
    { 'fake/exit-after-ms': '300', 'fake/exit-code': '7', 'fake/bad-nodes': 'n1' },
    { 'fake/fail-start': '1', 'fake/bad-nodes': 'n2' },
    { 'fake/unavailable-ms': '5000' },
  ];
  return cluster.random.next() < 0.35 ? oneOf(kinds) : {};
}

function availability(weight: number, to: 'active' | 'pause' | 'drain'): Action {
  return act(weight, to === 'active' ? 'activate' : to, async ({ cluster, machines, oneOf }) =>
    cluster.api.setAvailability(oneOf(machines), to),
  );
}

function taints(weight: number, name: string, of: (context: ScenarioContext) => readonly object[]): Action {
  return act(weight, name, async (context) => {
    const wanted = of(context);
    const { cluster, machines, oneOf } = context;
    return cluster.api.patch('node', oneOf(machines), { spec: { taints: wanted } });
  });
}

function act(weight: number, name: string, run: (context: ScenarioContext) => Promise<unknown>): Action {
  return { weight, name, run: (context) => tolerate(() => run(context)) };
}

/**
 * Runs a user's call; a call that is rejected for a reason, or that meets no control plane, is not a failure of the
 * cluster.
 */
async function tolerate(call: () => Promise<unknown>): Promise<void> {
  try {
    await call();
  } catch (error) {
    if (!isGantryError(error, 'NOT_FOUND', 'CONFLICT', 'INVALID_OBJECT', 'UNAVAILABLE')) throw error;
  }
}
