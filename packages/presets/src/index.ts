export { type EmbeddedOptions, embedded } from './embedded.ts';
export type { LogLevel } from './machine.ts';
export { type NodeSetOptions, node } from './node.ts';
export { type ServerOptions, server } from './server.ts';
