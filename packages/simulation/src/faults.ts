import type { LinkState } from './link.ts';
import type { Action, ScenarioContext } from './scenario.ts';

/** What fate does to the machines, links and servers of a cluster. */
export const faults = Object.freeze({
  /** A machine loses its power, with everything on it. */
  loseMachine: onUp('lose a machine', 2, ({ cluster }, name) => cluster.loseMachine(name)),
  /** Only the agent crashes: its tasks keep running. */
  crashAgent: onUp('crash an agent', 2, ({ cluster }, name) => cluster.crashAgent(name)),
  /** Starts a machine that is down. */
  startMachine: {
    name: 'start a machine',
    weight: 4,
    run({ cluster, machines, oneOf }: ScenarioContext) {
      const down = machines.filter((name) => !cluster.isUp(name));
      if (down.length > 0) cluster.startMachine(oneOf(down));
    },
  },
  /** A machine no longer reaches the control plane. */
  cutLink: link('cut a link', 2, 'cut'),
  /** Requests of a machine are carried out, and their replies are lost. */
  loseReplies: link('lose replies', 1, 'loses-replies'),
  mendLink: link('restore a link', 3, 'up'),
  /** The control plane stops immediately; only the store remembers. */
  crashControlPlane: {
    name: 'crash the control plane',
    weight: 2,
    run: ({ cluster }: ScenarioContext) => cluster.crashControlPlane(),
  },
  startControlPlane: {
    name: 'start the control plane',
    weight: 3,
    run: ({ cluster }: ScenarioContext) => cluster.startControlPlane(),
  },
  /** A task that runs ends by SIGSEGV. */
  crashTask: {
    name: 'crash a task',
    weight: 1,
    run({ cluster, machines, oneOf }: ScenarioContext) {
      const name = oneOf(machines);
      const running = cluster.running(name);
      if (running.length > 0) cluster.crashTask(name, oneOf(running));
    },
  },
} satisfies Record<string, Action>);

function onUp(
  name: string,
  weight: number,
  run: (context: ScenarioContext, machine: string) => Promise<void>,
): Action {
  return {
    name,
    weight,
    async run(context) {
      const up = context.machines.filter((machine) => context.cluster.isUp(machine));
      if (up.length > 0) await run(context, context.oneOf(up));
    },
  };
}

function link(name: string, weight: number, state: LinkState): Action {
  return {
    name,
    weight,
    run({ cluster, machines, oneOf }) {
      cluster.link(oneOf(machines)).state = state;
    },
  };
}
