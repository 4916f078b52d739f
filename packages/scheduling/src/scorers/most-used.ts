import type { TaskGroup } from '@gantry/core/contracts';
import { counted } from '@gantry/core/primitives';
import type { NodeState } from '../cluster-state.ts';
import type { NodeScorer } from '../scorer.ts';

/** A used share outweighs the number of tasks, which decides if nothing is requested. */
const TASKS = 2 ** 40;

/**
 * Packs: prefers the node that the task leaves fullest, judged by its scarcest resource; among equals the one with the
 * most tasks.
 */
export function mostUsed(options: { readonly weight?: number } = {}): NodeScorer {
  return {
    name: 'most-used',
    weight: options.weight,
    trend: 'rising',
    shape: ({ requests }: TaskGroup) => JSON.stringify(requests),
    score(_group: TaskGroup, node: NodeState): number {
      return node.share(1) + node.tasks / TASKS;
    },
    describe(_group: TaskGroup, node: NodeState): string {
      return `${Math.round(node.share(1) * 100)} % used with the task, ${counted(node.tasks, 'task')} so far`;
    },
  };
}
