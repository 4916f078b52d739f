export { type ControlPlaneOptions, controlPlane } from './control-plane.ts';
export { type GarbageCollector, garbageCollector } from './garbage-collector.ts';
export { type NodeFitness, type PlanInput, planService, type ServicePlan } from './service/index.ts';
