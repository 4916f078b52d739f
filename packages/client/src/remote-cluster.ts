import { aborted, GantryError, throwIfAborted } from '@gantry/core';
import type {
  ApplyOptions,
  CallOptions,
  ClusterApi,
  ClusterSummary,
  DialOptions,
  ExecOptions,
  ExecSession,
  ExplainResult,
  ListOptions,
  ListResult,
  LogLine,
  LogOptions,
  PatchOptions,
  PlannedService,
  TaskStats,
  WaitOptions,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '@gantry/core/api';
import {
  type AnyInput,
  type AnyObject,
  type Availability,
  type FieldSchema,
  type InputKind,
  type InputMap,
  idOf,
  type Kind,
  type KindMap,
  type Node,
  type Server,
  type Service,
} from '@gantry/core/model';
import { dialOver } from './calls/dial.ts';
import { execOver } from './calls/exec.ts';
import { readLogs } from './calls/logs.ts';
import { waitOver } from './calls/wait.ts';
import { watchOver } from './calls/watch.ts';
import { ClusterUids } from './cluster-uids.ts';
import { type HttpCall, queryText, Transport, type TransportParts } from './http/transport.ts';
import { KindTable } from './kind-table.ts';
import type { Channel, OpenChannel } from './socket/channel.ts';
import { AccessTokens } from './tokens.ts';

const MERGE_PATCH = 'application/merge-patch+json';

export interface RemoteParts extends Omit<TransportParts, 'closed'> {
  readonly open: OpenChannel;
  /** Releases the platform's resources of the connection. */
  readonly close: () => Promise<void>;
}

/** The complete stored state of a cluster. */
export interface ClusterState {
  readonly cluster: string;
  readonly revision: number;
  /** Secrets that the entries contain in plain text, described in one line each. */
  readonly secrets?: readonly string[];
  readonly entries: readonly { readonly key: string; readonly value: unknown }[];
}

/** The API of a cluster over HTTP. */
export class RemoteCluster implements ClusterApi, AsyncDisposable {
  readonly tokens: AccessTokens;
  readonly #parts: RemoteParts;
  readonly #transport: Transport;
  readonly #kinds: KindTable;
  readonly #uids = new ClusterUids();
  readonly #closed = new AbortController();

  constructor(parts: RemoteParts) {
    this.#parts = parts;
    this.#transport = new Transport({ ...parts, closed: this.#closed.signal });
    this.#kinds = new KindTable(async () => (await this.info()).kinds);
    this.tokens = new AccessTokens(this.#transport);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort(new GantryError('CLOSED', 'the client is closed'));
    await this.#parts.close();
  }

  async info({ signal }: CallOptions = {}): Promise<ClusterSummary> {
    const { body, uid } = await this.#transport.call({ method: 'GET', path: '/v1/info', signal });
    this.#uids.seen(uid);
    return body as ClusterSummary;
  }

  /**
   * Returns the schemas of the cluster's API document by name: `service` as it is read, `service-input` as it is written,
   * and likewise for every other kind, those of plugins included. Needs no permission.
   */
  async schemas({ signal }: CallOptions = {}): Promise<Readonly<Record<string, FieldSchema>>> {
    const { body } = await this.#transport.call({ method: 'GET', path: '/openapi.json', signal });
    return (body as { components: { schemas: Record<string, FieldSchema> } }).components.schemas;
  }

  /** Returns the complete stored state as of one revision, from which snapshots are made. For admins. */
  async state({ signal }: CallOptions = {}): Promise<ClusterState> {
    const { body } = await this.#transport.call({ method: 'GET', path: '/v1/state', signal });
    return body as ClusterState;
  }

  async create<K extends InputKind>(
    input: InputMap[K] & { kind: K },
    { signal, dryRun }: WriteOptions = {},
  ): Promise<KindMap[K]> {
    const path = await this.#kinds.collection(input.kind, namespaceOf(input));
    return await this.#call({ method: 'POST', path, query: { dryRun }, body: input, signal });
  }

  async apply<K extends InputKind>(
    input: InputMap[K] & { kind: K },
    options: ApplyOptions = {},
  ): Promise<KindMap[K]> {
    const { name } = (input?.meta ?? {}) as { readonly name?: unknown };
    // An invalid name has no path; the server says what is wrong with it.
    if (typeof name !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) {
      return (await this.applyAll([input], options))[0] as KindMap[K];
    }
    const { signal, manager, force, dryRun } = options;
    const path = await this.#kinds.object(input.kind, idOf({ name, namespace: namespaceOf(input) }));
    return await this.#call({ method: 'PUT', path, query: { manager, force, dryRun }, body: input, signal });
  }

  async applyAll(
    objects: readonly AnyInput[],
    { signal, manager, force, dryRun }: ApplyOptions = {},
  ): Promise<readonly AnyObject[]> {
    const query = { manager, force, dryRun };
    return await this.#items({ method: 'POST', path: '/v1/apply', query, body: { objects }, signal });
  }

  async patch<K extends InputKind>(
    kind: K,
    id: string,
    patch: unknown,
    { signal, revision, dryRun }: PatchOptions = {},
  ): Promise<KindMap[K]> {
    const path = await this.#kinds.object(kind, id);
    const query = { revision, dryRun };
    return await this.#call({ method: 'PATCH', path, query, body: patch, type: MERGE_PATCH, signal });
  }

  async get<K extends Kind>(kind: K, id: string, { signal }: CallOptions = {}): Promise<KindMap[K]> {
    return await this.#call({ method: 'GET', path: await this.#kinds.object(kind, id), signal });
  }

  async list<K extends Kind>(
    kind: K,
    { signal, namespace, labels, fields, limit, continue: from }: ListOptions = {},
  ): Promise<ListResult<KindMap[K]>> {
    const path = await this.#kinds.collection(kind, namespace);
    const query = { labelSelector: labels, fieldSelector: fields, limit, continue: from };
    const { body, uid } = await this.#transport.call({ method: 'GET', path, query, signal });
    const result = body as ListResult<KindMap[K]>;
    this.#uids.listed(result.revision, uid);
    return result;
  }

  async *watch<K extends Kind>(
    kind: K,
    { signal: outer, namespace, labels, fields, since }: WatchOptions = {},
  ): AsyncIterable<readonly WatchEvent<KindMap[K]>[]> {
    const signal = this.#signal(outer);
    throwIfAborted(this.#closed.signal);
    if (signal.aborted) return;
    const path = await this.#kinds.collection(kind, namespace);
    const query = { labelSelector: labels, fieldSelector: fields };
    yield* watchOver<K>(this.#transport, this.#uids, { path, query, since, signal });
  }

  async delete(kind: Kind, id: string, { signal, dryRun }: WriteOptions = {}): Promise<void> {
    await this.#call({
      method: 'DELETE',
      path: await this.#kinds.object(kind, id),
      query: { dryRun },
      signal,
    });
  }

  async scale(service: string, replicas: number, { signal, dryRun }: WriteOptions = {}): Promise<Service> {
    const path = `${await this.#kinds.object('service', service)}/scale`;
    return await this.#call({ method: 'PUT', path, query: { dryRun }, body: { replicas }, signal });
  }

  async rollback(
    service: string,
    { signal, dryRun, to }: WriteOptions & { to?: string | undefined } = {},
  ): Promise<Service> {
    const path = `${await this.#kinds.object('service', service)}/rollback`;
    const body = to === undefined ? {} : { to };
    return await this.#call({ method: 'POST', path, query: { dryRun }, body, signal });
  }

  async restart(service: string, { signal, dryRun }: WriteOptions = {}): Promise<Service> {
    const path = `${await this.#kinds.object('service', service)}/restart`;
    return await this.#call({ method: 'POST', path, query: { dryRun }, signal });
  }

  async setAvailability(
    node: string,
    availability: Availability,
    { signal, dryRun }: WriteOptions = {},
  ): Promise<Node> {
    const path = `${await this.#kinds.object('node', node)}/availability`;
    return await this.#call({ method: 'PUT', path, query: { dryRun }, body: { availability }, signal });
  }

  async plan(
    objects: readonly AnyInput[],
    { signal, manager, force }: ApplyOptions = {},
  ): Promise<readonly PlannedService[]> {
    return await this.#items({
      method: 'POST',
      path: '/v1/plan',
      query: { manager, force },
      body: { objects },
      signal,
    });
  }

  async wait<K extends Kind>(
    kind: K,
    id: string,
    condition: string | ((object: KindMap[K]) => boolean),
    { timeoutMs, signal }: WaitOptions = {},
  ): Promise<KindMap[K] | undefined> {
    const { namespaced } = await this.#kinds.of(kind);
    const call = { kind, id, namespaced, condition, timeoutMs, signal: this.#signal(signal) };
    return await waitOver(this, this.#parts, call);
  }

  async *logs(
    of: { task: string } | { service: string },
    options: LogOptions = {},
  ): AsyncIterable<readonly LogLine[]> {
    const [kind, id] = 'task' in of ? (['task', of.task] as const) : (['service', of.service] as const);
    yield* readLogs(this.#transport, `${await this.#kinds.object(kind, id)}/logs`, options);
  }

  async exec(task: string, options: ExecOptions): Promise<ExecSession> {
    const { command, env = {}, user, workingDir, tty, signal } = options;
    const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const query = queryText({ command, env: pairs, user, workingDir, tty });
    const channel = await this.#open(`${await this.#kinds.object('task', task)}/exec`, query, signal);
    return await execOver(channel, options);
  }

  async *dial(task: string, { port, input, signal }: DialOptions): AsyncIterable<Uint8Array> {
    const path = `${await this.#kinds.object('task', task)}/dial`;
    yield* dialOver(await this.#open(path, queryText({ port }), signal), input);
  }

  async stats({
    signal,
    node,
  }: CallOptions & { node?: string | undefined } = {}): Promise<readonly TaskStats[]> {
    return await this.#items({ method: 'GET', path: '/v1/stats', query: { node }, signal });
  }

  async servers({ signal }: CallOptions = {}): Promise<readonly Server[]> {
    return await this.#items({ method: 'GET', path: '/v1/servers', signal });
  }

  async explain(kind: 'service' | 'task', id: string, { signal }: CallOptions = {}): Promise<ExplainResult> {
    const path = `${await this.#kinds.object(kind, id)}/explain`;
    return await this.#call({ method: 'GET', path, signal });
  }

  async #call<T>(call: HttpCall): Promise<T> {
    return (await this.#transport.call(call)).body as T;
  }

  async #items<T>(call: HttpCall): Promise<readonly T[]> {
    return (await this.#call<{ readonly items: readonly T[] }>(call)).items;
  }

  /** Opens a WebSocket; if the platform does not show why it was rejected, the same request is sent over HTTP. */
  async #open(path: string, query: string, outer: AbortSignal | undefined): Promise<Channel> {
    const signal = this.#signal(outer);
    if (signal.aborted) throw aborted(signal);
    try {
      return await this.#parts.open({ path: `${path}${query}`, token: this.#parts.token, signal });
    } catch (error) {
      if (signal.aborted) throw aborted(signal);
      if ((error as GantryError).code === 'UNAVAILABLE') await this.#refusal(`${path}${query}`, signal);
      throw error;
    }
  }

  /** @throws the reason why a WebSocket is rejected, if HTTP shows one. */
  async #refusal(path: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#call({ method: 'GET', path, signal });
    } catch (error) {
      if (!['UNSUPPORTED', 'UNAVAILABLE'].includes((error as GantryError).code)) throw error;
    }
  }

  #signal(signal: AbortSignal | undefined): AbortSignal {
    const { signal: closed } = this.#closed;
    return signal === undefined ? closed : AbortSignal.any([closed, signal]);
  }
}

function namespaceOf(input: AnyInput): string | undefined {
  const { namespace } = (input?.meta ?? {}) as { readonly namespace?: unknown };
  return typeof namespace === 'string' ? namespace : 'default';
}
