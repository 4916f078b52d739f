export type { ClusterOptions, MachineOptions, NodeOptions } from './cluster-options.ts';
export { type ControllerRunner, controllerRunner } from './controller-runner.ts';
export { type Cluster, type ClusterMember, createCluster, joinCluster } from './create-cluster.ts';
export { type StoreViews, storeViews } from './store-views.ts';
