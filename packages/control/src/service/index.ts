export { planService } from './plan.ts';
export type { PlanInput, ServicePlan, TaskDraft } from './service-plan.ts';
export type { NodeFitness } from './slots.ts';
