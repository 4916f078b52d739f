import type { TaskGroup } from '@gantry/core/contracts';
import { featureText } from '@gantry/core/model';
import type { NodeState } from '../cluster-state.ts';
import type { GroupFilter, PreparedFilter, Rejection } from '../filter.ts';

/** Only nodes whose runtime and network can honour the template. A node that does not report its features passes. */
export const features: GroupFilter = Object.freeze({
  name: 'features',
  shape: ({ features: needed = NONE }: TaskGroup) => needed.join(' '),
  prepare({ features: needed = NONE }: TaskGroup): PreparedFilter | undefined {
    if (needed.length === 0) return undefined;
    const missing = ({ features: has }: NodeState): string | undefined =>
      has === undefined ? undefined : needed.find((feature) => !has.has(feature));
    return {
      check: (node) => {
        const feature = missing(node);
        return feature === undefined ? undefined : rejection(node.name, feature);
      },
      room: (node) => (missing(node) === undefined ? Number.POSITIVE_INFINITY : 0),
    };
  },
});

const NONE: readonly string[] = Object.freeze([]);

function rejection(node: string, feature: string): Rejection {
  return {
    code: 'Unsupported',
    message: `${node} cannot honour ${featureText(feature)}`,
    miss: 1,
    remedy: `add a node that has the feature "${feature}", or change the template`,
    reason: ['cannot honour the template', 'cannot honour the template'],
  };
}
