import type { ServiceMode } from '../service-mode.ts';
import { replicatedSlots } from './replicated-slots.ts';

/** A given number of tasks, on any nodes. */
export const replicatedMode: ServiceMode = Object.freeze<ServiceMode>({
  name: 'replicated',
  scales: true,
  followsNodes: false,
  wantedSlots: replicatedSlots,
  fitness: (fitness) => fitness,
  asksFor: ({ spec }) => spec.replicas,
});
