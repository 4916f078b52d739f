export { type PlanInput, planService, type ServicePlan } from './plan.ts';
export type { NodeFitness } from './slots.ts';
