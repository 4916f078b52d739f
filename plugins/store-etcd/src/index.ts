export { EtcdStore, etcdStore } from './etcd-store.ts';
export type { EtcdStoreOptions } from './options.ts';
