export { type ControllerRunner, controllerRunner } from './controller-runner.ts';
export { type Cluster, type ClusterOptions, createCluster, type NodeOptions } from './create-cluster.ts';
export { type StoreViews, storeViews } from './store-views.ts';
