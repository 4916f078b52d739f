export { quotaAdmission } from './api/quota-admission.ts';
export { type ControlPlaneOptions, controlPlane } from './control-plane.ts';
export { eventPublisher } from './events/event-publisher.ts';
export { type GarbageCollector, garbageCollector } from './garbage-collector.ts';
export { type LeaseOptions, leaseLeadership } from './lead/lease-leadership.ts';
export { schemaGuard } from './schema/schema-guard.ts';
export { type ServerPresenceOptions, serverPresence } from './servers/server-presence.ts';
export { type NodeFitness, type PlanInput, planService, type ServicePlan } from './service/index.ts';
