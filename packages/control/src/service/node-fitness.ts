import type { View } from '@gantry/core/contracts';
import { type Service, untolerated } from '@gantry/core/model';
import type { FitnessOf } from './modes/service-mode.ts';

/** How nodes count for the tasks of a service. */
export function nodeFitness({ spec }: Pick<Service, 'spec'>, nodes: Pick<View<'node'>, 'get'>): FitnessOf {
  return (name) => {
    const node = nodes.get(name)?.value;
    if (node === undefined) return 'gone';
    if (node.status.state === 'down') return 'down';
    const leave = untolerated(node.spec.taints, spec.placement.tolerations, 'NoExecute');
    if (node.spec.availability === 'drain' || leave !== undefined) return 'draining';
    return node.spec.availability === 'pause' ? 'cordoned' : 'usable';
  };
}
