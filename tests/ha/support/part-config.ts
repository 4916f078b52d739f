/** What a process of the cluster is to be; JSON, its only argument. */
export type PartConfig =
  | {
      readonly role: 'server';
      readonly cluster: string;
      readonly identity: string;
      readonly nats: readonly string[];
      readonly store: StoreConfig;
      readonly leaseMs: number;
      readonly token: string;
      /** Takes down every write that was acknowledged to the leader's parts. */
      readonly journal?: string;
    }
  | {
      readonly role: 'agent';
      readonly cluster: string;
      readonly node: string;
      readonly nats: readonly string[];
      readonly runtime: 'process' | 'docker' | 'fake';
      readonly dir: string;
      /** Where published ports listen. */
      readonly address: string;
    };

export type StoreConfig =
  | { readonly kind: 'etcd'; readonly endpoints: readonly string[] }
  | { readonly kind: 'nats'; readonly servers: readonly string[]; readonly replicas: 1 | 3 }
  | { readonly kind: 'lmdb'; readonly path: string };

/** A line of the journal: a write and its term. */
export interface Noted {
  /** Revision of the fence. */
  readonly fence: number;
  readonly writes: readonly (readonly [key: string, revision: number])[];
}
