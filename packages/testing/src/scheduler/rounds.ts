import type { NodeView, Round, TaskGroup } from '@gantry/core/contracts';
import type { Placement } from '@gantry/core/model';
import { SeededRandom } from '../seeded-random.ts';

const MI = 2 ** 20;

/** An idle node with four cores and 4Gi, unless overridden. */
export function nodeView(name: string, facts: Partial<NodeView> = {}): NodeView {
  return {
    name,
    labels: {},
    attributes: { os: 'linux', arch: 'amd64', hostname: name },
    schedulable: true,
    taints: [],
    capacity: { cpu: 4000, memory: 4096 * MI },
    used: {},
    tasks: 0,
    tasksOf: new Map(),
    hostPorts: new Set(),
    ...facts,
  };
}

/** Some tasks of a service without special requirements, unless overridden. */
export function taskGroup(
  service: string,
  count: number,
  facts: Partial<Omit<TaskGroup, 'placement'>> & { readonly placement?: Partial<Placement> } = {},
): TaskGroup {
  return {
    service,
    template: `template-of-${service}`,
    requests: {},
    hostPorts: [],
    tasks: Array.from({ length: count }, (_, slot) => `${service}.${slot + 1}`),
    ...facts,
    placement: {
      constraints: [],
      preferences: [],
      maxReplicasPerNode: 0,
      tolerations: [],
      ...facts.placement,
    },
  };
}

/** A round with freshly seeded randomness: two calls give equal rounds. */
export function roundOf(nodes: readonly NodeView[], groups: readonly TaskGroup[], seed = 1): Round {
  return { nodes, groups, random: new SeededRandom(seed) };
}

/** A small round with a bit of everything: full and paused nodes, labels, host ports, bounds, running tasks. */
export function randomRound(seed: number): Round {
  const random = new SeededRandom(seed);
  const below = (bound: number) => Math.floor(random.next() * bound);
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  const often = (chance: number) => random.next() < chance;

  const services = ['api', 'web', 'worker'];
  const nodes = Array.from({ length: below(8) }, (_, index) => {
    const tasksOf = new Map(services.filter(() => often(0.3)).map((name) => [name, 1 + below(3)]));
    return nodeView(`node-${index + 1}`, {
      labels: often(0.8) ? { zone: pick(['a', 'b', 'c']) } : {},
      schedulable: often(0.8) ? true : pick(['down', 'pause', 'drain']),
      capacity: {
        cpu: 1000 * below(5),
        memory: 512 * MI * below(9),
        ...(often(0.3) ? { gpu: below(3) } : {}),
      },
      used: { cpu: 500 * below(3), memory: 256 * MI * below(3) },
      tasks: [...tasksOf.values()].reduce((sum, count) => sum + count, 0),
      tasksOf,
      hostPorts: new Set(often(0.3) ? ['tcp:8080'] : []),
    });
  });
  const groups = Array.from({ length: below(5) }, (_, index) =>
    taskGroup(pick(services), below(12), {
      template: `template-${index}`,
      requests: { cpu: 100 * below(8), memory: 64 * MI * below(8), ...(often(0.2) ? { gpu: 1 } : {}) },
      hostPorts: often(0.2) ? [pick(['tcp:8080', 'tcp:9090', 'udp:53'])] : [],
      placement: {
        constraints: often(0.4) ? [`node.labels.zone ${pick(['==', '!='])} ${pick(['a', 'b', 'z'])}`] : [],
        preferences: often(0.3) ? [{ spread: 'node.labels.zone' }] : [],
        maxReplicasPerNode: often(0.3) ? 1 + below(3) : 0,
      },
    }),
  );
  return roundOf(nodes, groups, seed);
}
