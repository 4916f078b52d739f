/** What agents, dispatcher and servers exchange over the bus, and its checks. */
export { checkSender, knownStatus, messages } from './checks.ts';
export type { CloudEvent } from './cloud-event.ts';
export { featuresOfNode } from './features-of-node.ts';
export * from './messages.ts';
export { type DispatchSubjects, type Subjects, subjects } from './subjects.ts';
