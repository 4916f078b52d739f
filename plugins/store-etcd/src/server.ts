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

/** etcd hangs up on who pings more often than every 5 s. */
const PING_MS = 10_000;
const WINDOW_BYTES = 4 * 1024 * 1024;
/** For so long after a connection could not be made none is tried, and calls fail with the same reason. */
const REST_MS = 100;

/** A unary call on its way. */
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
   * Undefined when there is a connection. Resolves also when none can be made: a call then fails at once, with the reason.
   *
   * @throws Failure when nothing is heard of the server. `INVALID_OPTIONS` when the files of certificates cannot be used.
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

  /** The answer fails with a {@link Failure}. */
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

  /** What the end of a stream means. */
  failed(error: ServiceError | undefined): Failure {
    if (error === undefined) return new Failure(this.name, status.UNAVAILABLE, 'the stream was ended');
    return this.#client === undefined ? this.#failure(error) : this.#failed(this.#client, error);
  }

  /** What it means that nothing came for so long. */
  #silent(ms: number): Failure {
    return new Failure(this.name, status.DEADLINE_EXCEEDED, `no answer within ${Math.round(ms)} ms`);
  }

  /** New calls fail; those on their way go on. */
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

  /** Files that cannot be used, as while they are being replaced, do not undo those that could. */
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

  /** The next call makes a connection of its own, with the certificates of then. */
  #drop(client: Client, reason: string | undefined): void {
    if (this.#client !== client) return;
    this.close();
    if (reason !== undefined) this.#rest = { until: this.#clock.elapsed() + REST_MS, reason };
  }
}
