export { type PlanInput, planService, type ServicePlan, type TaskDraft } from './plan.ts';
export type { NodeFitness } from './slots.ts';
