export { agent, ingress } from './agent.ts';
export { ingressAdmission } from './ingress-admission.ts';
export type { NodeAgent } from './node-agent.ts';
