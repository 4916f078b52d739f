import type { ServiceMode } from '../service-mode.ts';
import { globalSlots } from './global-slots.ts';

/** One task on each node on which it may run; a slot is named after its node. */
export const globalMode: ServiceMode = Object.freeze<ServiceMode>({
  name: 'global',
  scales: false,
  followsNodes: true,
  wantedSlots: globalSlots,
  /** Tasks stay where they are while their node is down: there is nowhere else for them. */
  fitness: (fitness) => (node) => {
    const at = fitness(node);
    return at === 'down' ? 'usable' : at;
  },
  nodeOf: (slot) => slot,
  asksFor: ({ status }) => status.desired,
});
