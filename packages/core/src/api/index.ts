/** Everything that can be asked of a cluster: `ClusterApi`, its requests and results. */
export type * from './cluster-api.ts';
export type { ExecOptions, ExecSession, OutputChunk } from './exec.ts';
export { selects } from './select.ts';
export { conditionHolds, type WaitCondition, waitedTooLong } from './wait.ts';
