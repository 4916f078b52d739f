/** Everything that can be asked of a cluster: `ClusterApi`, its requests and results. */
export type * from './cluster-api.ts';
export type { ExecOptions, ExecSession, OutputChunk } from './exec.ts';
export {
  type ApiRoute,
  type ApiRoutes,
  apiRoute,
  type Caller,
  type RouteAccess,
  type RouteAnswer,
  type RouteBody,
  type RouteCall,
  type RouteMethod,
  type RoutePlace,
  type RouteResult,
  type RouteShape,
} from './route.ts';
export { selects } from './select.ts';
export { conditionHolds, type WaitCondition, waitedTooLong } from './wait.ts';
