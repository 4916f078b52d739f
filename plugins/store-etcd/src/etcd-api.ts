import { fileURLToPath } from 'node:url';
import { loadSync } from '@grpc/proto-loader';

/** The messages of `proto/etcd.proto`. A field that has its default is absent in received messages. */
export interface KeyValue {
  readonly key: Buffer;
  readonly modRevision: number;
  readonly value?: Buffer;
}

export interface RangeRequest {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
  readonly limit?: number;
  readonly revision?: number;
}

export interface RangeResponse {
  readonly header: { readonly revision: number };
  readonly kvs?: readonly KeyValue[];
  readonly more?: boolean;
}

export interface Compare {
  readonly target: number;
  readonly key: Buffer;
  readonly modRevision: number;
}

export type RequestOp =
  | { readonly requestRange: RangeRequest }
  | { readonly requestPut: { readonly key: Buffer; readonly value: Buffer } }
  | { readonly requestDeleteRange: { readonly key: Buffer } }
  | { readonly requestTxn: TxnRequest };

export interface TxnRequest {
  readonly compare: readonly Compare[];
  readonly success: readonly RequestOp[];
  readonly failure: readonly RequestOp[];
}

export interface TxnResponse {
  readonly header: { readonly revision: number };
  readonly succeeded?: boolean;
  readonly responses?: readonly {
    readonly responseRange?: RangeResponse;
    readonly responseTxn?: Omit<TxnResponse, 'header'>;
  }[];
}

export type WatchRequest =
  | {
      readonly createRequest: RangeRequest & {
        readonly startRevision: number;
        readonly progressNotify: boolean;
        readonly watchId: number;
      };
    }
  | { readonly cancelRequest: { readonly watchId: number } };

export interface WatchEvent {
  /** 1: a delete. */
  readonly type?: number;
  readonly kv: KeyValue;
}

export interface WatchResponse {
  readonly header: { readonly revision: number };
  readonly watchId?: number;
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly compactRevision?: number;
  readonly cancelReason?: string;
  readonly events?: readonly WatchEvent[];
}

/** The target of a {@link Compare}: the revision of the last write. */
export const MOD_REVISION = 2;
/** The type of a {@link WatchEvent} that is a delete. */
export const DELETE = 1;

/** A call of etcd's API, with the encoding of its messages. */
export interface Method<Question, Answer> {
  readonly path: string;
  readonly requestSerialize: (question: Question) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Answer;
}

/** The calls this store makes. */
export interface EtcdApi {
  readonly range: Method<RangeRequest, RangeResponse>;
  readonly txn: Method<TxnRequest, TxnResponse>;
  readonly watch: Method<WatchRequest, WatchResponse>;
  readonly authenticate: Method<
    { readonly name: string; readonly password: string },
    { readonly token?: string }
  >;
  readonly status: Method<Record<never, never>, { readonly version?: string }>;
}

/** Reads `proto/etcd.proto`. Revisions become numbers: etcd counts writes, and cannot reach 2^53 of them. */
export function loadEtcdApi(): EtcdApi {
  const file = fileURLToPath(new URL('../proto/etcd.proto', import.meta.url));
  const services = loadSync(file, { longs: Number }) as unknown as Record<string, Record<string, unknown>>;
  const method = <Question, Answer>(service: string, name: string): Method<Question, Answer> =>
    services[`etcdserverpb.${service}`]?.[name] as Method<Question, Answer>;
  return {
    range: method('KV', 'Range'),
    txn: method('KV', 'Txn'),
    watch: method('Watch', 'Watch'),
    authenticate: method('Auth', 'Authenticate'),
    status: method('Maintenance', 'Status'),
  };
}
