import type { TaskGroup } from '@gantry/core/contracts';
import { counted } from '@gantry/core/primitives';
import type { NodeState } from '../cluster-state.ts';
import type { NodeScorer } from '../scorer.ts';

/** A task of the service outweighs any smaller number of other tasks, and a task outweighs any used share. */
const TASKS = 2 ** 20;

/**
 * Spreads: prefers the node with the fewest tasks of the service; among these the fewest tasks; among these the most
 * free share.
 */
export function leastUsed(options: { readonly weight?: number } = {}): NodeScorer {
  return {
    name: 'least-used',
    weight: options.weight,
    trend: 'stepping',
    shape: ({ requests }: TaskGroup) => JSON.stringify(requests),
    score({ service }: TaskGroup, node: NodeState): number {
      const others = Math.min(node.tasks, TASKS - 2);
      return -(node.tasksOf(service) + (others + node.share() / 2) / TASKS);
    },
    describe({ service }: TaskGroup, node: NodeState): string {
      return `${counted(node.tasksOf(service), 'task')} of ${service}, ${node.tasks} in all, ${percent(node.share())} used`;
    },
  };
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
