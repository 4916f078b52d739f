export { NatsStore, type NatsStoreNeeds, natsStore } from './nats-store.ts';
export type { NatsStoreOptions } from './options.ts';
