import type { TaskGroup } from '@gantry/core/contracts';
import { type Taint, taintText, untolerated } from '@gantry/core/model';
import type { ClusterState, NodeState } from '../cluster-state.ts';
import type { GroupFilter, PreparedFilter, Rejection } from '../filter.ts';

/** Only nodes all of whose taints the service tolerates. */
export const taints: GroupFilter = Object.freeze({
  name: 'taints',
  shape: ({ placement }: TaskGroup) => JSON.stringify(placement.tolerations),
  prepare({ placement }: TaskGroup, cluster: ClusterState): PreparedFilter | undefined {
    if (!cluster.nodes.some((node) => node.taints.length > 0)) return undefined;
    const inTheWay = (node: NodeState): Taint | undefined =>
      node.taints.length === 0 ? undefined : untolerated(node.taints, placement.tolerations);
    return {
      check: (node) => {
        const taint = inTheWay(node);
        return taint === undefined ? undefined : rejection(node.name, taint);
      },
      room: (node) => (inTheWay(node) === undefined ? Number.POSITIVE_INFINITY : 0),
    };
  },
});

function rejection(node: string, taint: Taint): Rejection {
  const text = taintText(taint);
  return {
    code: 'TaintNotTolerated',
    message: `${node} has the taint ${text}, which the service does not tolerate`,
    miss: 1,
    remedy: `tolerate ${taint.key} in the service, or remove the taint from ${node}`,
    reason: ['has a taint the service does not tolerate', 'have taints the service does not tolerate'],
  };
}
