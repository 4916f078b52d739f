import type { ServiceMode } from '../service-mode.ts';
import { replicatedSlots } from './replicated-slots.ts';

/** So many tasks, anywhere. */
export const replicatedMode: ServiceMode = Object.freeze<ServiceMode>({
  name: 'replicated',
  scales: true,
  followsNodes: false,
  wantedSlots: replicatedSlots,
  fitness: (fitness) => fitness,
  asksFor: ({ spec }) => spec.replicas,
});
