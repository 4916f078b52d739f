export { agent, ingress } from './agent.ts';
export type { NodeAgent } from './node-agent.ts';
