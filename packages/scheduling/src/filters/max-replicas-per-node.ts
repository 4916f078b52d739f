import type { TaskGroup } from '@gantry/core/contracts';
import { counted } from '@gantry/core/primitives';
import type { GroupFilter, PreparedFilter, Rejection } from '../filter.ts';

/** At most `placement.maxReplicasPerNode` tasks of a service on one node; 0: unlimited. */
export const maxReplicasPerNode: GroupFilter = Object.freeze({
  name: 'max-replicas-per-node',
  shape: ({ placement }: TaskGroup) => (placement.maxReplicasPerNode > 0 ? undefined : ''),
  prepare({ service, placement }: TaskGroup): PreparedFilter | undefined {
    const max = placement.maxReplicasPerNode;
    if (max <= 0) return undefined;
    return {
      check: (node) => {
        const count = node.tasksOf(service);
        return count < max ? undefined : tooMany(node.name, service, count, max);
      },
      room: (node) => Math.max(0, max - node.tasksOf(service)),
    };
  },
});

function tooMany(node: string, service: string, count: number, max: number): Rejection {
  const most = `${counted(max, 'task')} of ${service}`;
  return {
    code: 'MaxReplicasPerNode',
    message: `${node} has ${counted(count, 'task')} of ${service}, at most ${max} may be on a node`,
    miss: count - max + 1,
    remedy: `raise maxReplicasPerNode to ${count + 1}, or add a node`,
    reason: [`already has ${most}`, `already have ${most}`],
  };
}
