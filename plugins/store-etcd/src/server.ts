import { readFileSync } from 'node:fs';
import { type Clock, GantryError } from '@gantry/core';
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  connectivityState,
  credentials,
  type Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { Method } from './etcd-api.ts';
import { Failure } from './failure.ts';
import type { Endpoint, Settings } from './options.ts';

/** etcd disconnects clients that ping more often than every 5 s. */
const PING_MS = 10_000;
const WINDOW_BYTES = 4 * 1024 * 1024;
/** After a connection failed, none is attempted for this long, in ms; calls fail with the same reason. */
const REST_MS = 100;

/** A unary call in flight. */
export interface Call<Answer> {
  readonly answer: Promise<Answer>;
  cancel(): void;
}

/** One member of the cluster, and the connection to it. */
export class Server {
  readonly name: string;
  readonly #endpoint: Endpoint;
  readonly #tls: Settings['tls'];
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #connectMs: number;
  #client: Client | undefined;
  #credentials: ChannelCredentials | undefined;
  #connecting: Promise<void> | undefined;
  #rest: { readonly until: number; readonly reason: string } | undefined;

  constructor(endpoint: Endpoint, { tls, timeoutMs, endpoints }: Settings, clock: Clock) {
    this.name = endpoint.name;
    this.#endpoint = endpoint;
    this.#tls = tls;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
    this.#connectMs = timeoutMs / endpoints.length;
  }

  /**
   * Undefined if there is a connection. Resolves also if none can be made: a call then fails immediately, with the
   * reason.
   *
   * @throws Failure if the server does not respond. `INVALID_OPTIONS` if the certificate files cannot be used.
   */
  connect(): Promise<void> | undefined {
    if (this.#connecting !== undefined) return this.#connecting;
    const rest = this.#client === undefined ? this.#rest : undefined;
    if (rest !== undefined && this.#clock.elapsed() < rest.until)
      throw new Failure(this.name, status.UNAVAILABLE, rest.reason);
    const client = this.#open();
    if (client.getChannel().getConnectivityState(true) === connectivityState.READY) return undefined;
    this.#connecting = this.#settled(client).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /** Sends a request. The answer fails with a {@link Failure}. */
  ask<Q, A>(method: Method<Q, A>, question: Q, metadata: Metadata, withinMs: number): Call<A> {
    const client = this.#open();
    let cancel = (): void => {};
    const answer = new Promise<A>((resolve, reject) => {
      let late = false;
      const { path, requestSerialize, responseDeserialize } = method;
      const call = client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        question,
        metadata,
        (error, value) => {
          stop();
          if (error === null) resolve(value as A);
          else if (late) reject(this.#silent(withinMs));
          else reject(this.#failed(client, error));
        },
      );
      const stop = this.#clock.after(withinMs, () => {
        late = true;
        call.cancel();
      });
      cancel = () => call.cancel();
    });
    return { answer, cancel: () => cancel() };
  }

  open<Q, A>({ path, requestSerialize, responseDeserialize }: Method<Q, A>, metadata: Metadata) {
    const stream: ClientDuplexStream<Q, A> = this.#open().makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      metadata,
    );
    return stream;
  }

  /** The failure that the end of a stream amounts to. */
  failed(error: ServiceError | undefined): Failure {
    if (error === undefined) return new Failure(this.name, status.UNAVAILABLE, 'the stream was ended');
    return this.#client === undefined ? this.#failure(error) : this.#failed(this.#client, error);
  }

  /** The failure of a server that has sent nothing for this long. */
  #silent(ms: number): Failure {
    return new Failure(this.name, status.DEADLINE_EXCEEDED, `no answer within ${Math.round(ms)} ms`);
  }

  /** Makes new calls fail; those in flight continue. */
  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  #open(): Client {
    this.#client ??= new Client(this.name, this.#newCredentials(), {
      'grpc.keepalive_time_ms': PING_MS,
      'grpc.keepalive_timeout_ms': this.#timeoutMs,
      'grpc.max_receive_message_length': -1,
      'grpc-node.flow_control_window': WINDOW_BYTES,
      'grpc.enable_retries': 0,
      'grpc.enable_channelz': 0,
      'grpc.enable_http_proxy': 0,
      'grpc.service_config_disable_resolution': 1,
      'grpc.use_local_subchannel_pool': 1,
      ...(this.#tls.serverName !== undefined && { 'grpc.ssl_target_name_override': this.#tls.serverName }),
    });
    return this.#client;
  }

  /**
   * Reads the files again. Unusable ones, for example while they are being replaced, do not discard the previous ones.
   */
  #newCredentials(): ChannelCredentials {
    if (!this.#endpoint.secure) return credentials.createInsecure();
    const { ca, cert, key } = this.#tls;
    try {
      const read = (file: string | undefined) => (file === undefined ? null : readFileSync(file));
      this.#credentials = credentials.createSsl(read(ca), read(key), read(cert));
    } catch (error) {
      if (this.#credentials !== undefined) return this.#credentials;
      const message = `the files of "tls" cannot be used: ${(error as Error).message}`;
      throw new GantryError('INVALID_OPTIONS', `store-etcd: ${message}`, {
        details: { plugin: 'store-etcd' },
        issues: [{ path: 'tls', message }],
        cause: error,
      });
    }
    return this.#credentials;
  }

  async #settled(client: Client): Promise<void> {
    const channel = client.getChannel();
    const connected = await new Promise<boolean>((resolve) => {
      const stop = this.#clock.after(this.#connectMs, () => resolve(false));
      const look = (): void => {
        const state = channel.getConnectivityState(true);
        if (state === connectivityState.IDLE || state === connectivityState.CONNECTING) {
          channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, look);
          return;
        }
        stop();
        resolve(true);
      };
      look();
    });
    if (connected) return;
    const reason = `No connection established within ${Math.round(this.#connectMs)} ms`;
    this.#drop(client, reason);
    throw new Failure(this.name, status.UNAVAILABLE, reason);
  }

  #failed(client: Client, error: ServiceError): Failure {
    const failure = this.#failure(error);
    const { elsewhere, maybeDone } = failure.verdict;
    if (elsewhere && client.getChannel().getConnectivityState(false) !== connectivityState.READY)
      this.#drop(client, maybeDone ? undefined : error.details);
    return failure;
  }

  #failure(error: ServiceError): Failure {
    return new Failure(this.name, error.code, error.details, error);
  }

  /** Drops the connection. The next call makes a new one, with the certificates of that time. */
  #drop(client: Client, reason: string | undefined): void {
    if (this.#client !== client) return;
    this.close();
    if (reason !== undefined) this.#rest = { until: this.#clock.elapsed() + REST_MS, reason };
  }
}
