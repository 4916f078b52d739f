import { fileURLToPath } from 'node:url';
import {
  type handleBidiStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import type {
  RangeRequest,
  RangeResponse,
  TxnRequest,
  TxnResponse,
  WatchRequest,
  WatchResponse,
} from '../../src/etcd-api.ts';

/** A gRPC status in etcd's words. */
export class Refusal extends Error {
  readonly code: status;

  constructor(code: status, details: string) {
    super(details);
    this.code = code;
  }
}

export interface Script {
  readonly version?: string | Refusal;
  readonly range?: (request: RangeRequest, asked: number) => Partial<RangeResponse> | Refusal;
  /** Undefined: never answered. */
  readonly txn?: (request: TxnRequest, asked: number) => Partial<TxnResponse> | Refusal | undefined;
  /** Called with each request of each stream. */
  readonly watch?: (request: WatchRequest, stream: WatchCall) => void;
}

export interface WatchCall {
  write(response: Partial<WatchResponse>): void;
  emit(event: 'error', error: { code: status; details: string }): void;
}

/** A server that answers as a script says, for what no real etcd can be brought to do. */
export class FakeEtcd implements AsyncDisposable {
  readonly url: string;
  /** How many transactions it was asked for. */
  txns = 0;
  /** How many tokens it was asked for. */
  tokens = 0;
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}`;
  }

  static async start(script: Script): Promise<FakeEtcd> {
    const file = fileURLToPath(new URL('../../proto/etcd.proto', import.meta.url));
    const services = loadSync(file, { longs: Number }) as unknown as Record<string, ServiceDefinition>;
    const server = new Server();
    const service = (name: string): ServiceDefinition =>
      services[`etcdserverpb.${name}`] as ServiceDefinition;
    let ranges = 0;
    server.addService(service('Maintenance'), {
      Status: answer(() => {
        const { version = '3.4.23' } = script;
        return version instanceof Refusal ? version : { version };
      }),
    });
    server.addService(service('Auth'), {
      Authenticate: answer(() => ({ token: `token-${++fake.tokens}` })),
    });
    server.addService(service('KV'), {
      Range: answer((request: RangeRequest) => {
        const given = script.range?.(request, ++ranges);
        return given instanceof Refusal ? given : { header: { revision: 1 }, ...given };
      }),
      Txn: answer((request: TxnRequest) => {
        const txns = ++fake.txns;
        const given = script.txn === undefined ? {} : script.txn(request, txns);
        if (given === undefined || given instanceof Refusal) return given;
        return { header: { revision: 10 + txns }, succeeded: true, responses: [], ...given };
      }),
    });
    const watch: handleBidiStreamingCall<WatchRequest, WatchResponse> = (call) => {
      call.on('data', (request: WatchRequest) => script.watch?.(request, call as unknown as WatchCall));
    };
    server.addService(service('Watch'), { Watch: watch });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    const fake = new FakeEtcd(server, port);
    return fake;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.forceShutdown();
  }
}

function answer<Q, A>(given: (request: Q) => A | Refusal | undefined): handleUnaryCall<Q, A> {
  return (call, callback) => {
    const value = given(call.request);
    if (value instanceof Refusal) callback({ code: value.code, details: value.message });
    else if (value !== undefined) callback(null, value);
  };
}
