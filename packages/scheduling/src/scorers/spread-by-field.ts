import type { TaskGroup } from '@gantry/core/contracts';
import { counted } from '@gantry/core/primitives';
import type { ClusterState, NodeState } from '../cluster-state.ts';
import type { ClusterScorer } from '../scorer.ts';

/** All preferences share these bits of a number, so that an earlier one outweighs the later ones. */
const BITS = 30;
const MAX_BITS_EACH = 10;

/**
 * Spreads a service over the values of the fields in `placement.preferences`: over those of the first, then within each
 * of these over those of the second, and so on. By its default weight it takes precedence over `least-used`.
 */
export function spreadByField(options: { readonly weight?: number } = {}): ClusterScorer {
  return {
    name: 'spread-by-field',
    weight: options.weight ?? 2 ** MAX_BITS_EACH,
    applies: ({ placement }) => placement.preferences.length > 0,
    domain: (group, node, cluster) =>
      fieldsOf(group)
        .map((field) => cluster.field(field).codes[node.index])
        .join(' '),
    score(group, node, cluster) {
      const counts = countsNear(group, node, cluster);
      const base = 2 ** Math.min(MAX_BITS_EACH, Math.floor(BITS / counts.length));
      return -counts.reduce((sum, count) => sum * base + count, 0);
    },
    describe(group, node, cluster) {
      const counts = countsNear(group, node, cluster);
      const words = fieldsOf(group).map(
        (field, at) => `${counted(counts[at] as number, 'task')} in its ${field}`,
      );
      return `${words.join(', ')}`;
    },
  };
}

function fieldsOf({ placement }: TaskGroup): readonly string[] {
  return placement.preferences.map(({ spread }) => spread);
}

/** The tasks of the service on nodes that share the value of the first field, of the first two fields, and so on. */
function countsNear(group: TaskGroup, node: NodeState, cluster: ClusterState): readonly number[] {
  const fields = fieldsOf(group);
  return fields.map((_, last) => cluster.tasksNear(group.service, node, ...fields.slice(0, last + 1)));
}
