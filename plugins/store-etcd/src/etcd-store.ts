import {
  type Clock,
  contracts,
  definePlugin,
  GantryError,
  isGantryError,
  type Lifecycle,
  type Logger,
  type Random,
  type Store,
  throwIfAborted,
  toGantryError,
} from '@gantry/core';
import type {
  Change,
  CommitOptions,
  Entry,
  Fence,
  Listing,
  Outcome,
  StoreEvent,
} from '@gantry/core/contracts';
import { Backoff } from '@gantry/core/primitives';
import { checkKey, checkPrefix, checkSince, encodeValue } from '@gantry/storing';
import { Codec } from './codec.ts';
import { type EtcdApi, loadEtcdApi, type RangeRequest, type RangeResponse } from './etcd-api.ts';
import { Gathering } from './gathering.ts';
import { Login } from './login.ts';
import { optionsSchema, type Settings } from './options.ts';
import { type EncodedChange, planTxns } from './plan-txns.ts';
import { readAll } from './read-all.ts';
import { Servers } from './servers.ts';
import { type Answer, type EncodedFence, outcomesOf, revisionOf, txnOf } from './txn.ts';
import { Watches } from './watches.ts';

const MAX_VALUE_BYTES = 1_000_000;
const OLDEST = [3, 4] as const;

/** The contracts that a store in etcd uses. */
export interface EtcdStoreNeeds {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

type Signal = { readonly signal?: AbortSignal | undefined };

/** A store in etcd. Keys are kept below a prefix, values as JSON text; revisions are those of etcd. */
export class EtcdStore implements Store, Lifecycle {
  readonly supports: Store['supports'] = { durable: true, fencing: true, maxValueBytes: MAX_VALUE_BYTES };
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #api: EtcdApi;
  readonly #codec: Codec;
  readonly #servers: Servers;
  /** A connection of its own: over TLS, etcd starves a watch that shares one with many reads. */
  readonly #watchServers: Servers;
  readonly #watches: Watches;
  readonly #gathering: Gathering;
  #closing: Promise<void> | undefined;

  /** Creates a store that connects in `start`. */
  constructor(settings: Settings, { clock, random, logger }: EtcdStoreNeeds) {
    this.#settings = settings;
    this.#clock = clock;
    this.#random = random;
    this.#codec = new Codec(settings.prefix);
    this.#gathering = new Gathering({
      write: (changes, fence) => this.#transact(changes, fence, undefined),
      clock,
      timeoutMs: settings.timeoutMs,
    });
    const api = loadEtcdApi();
    this.#api = api;
    const login = new Login(settings.login);
    this.#servers = new Servers({ settings, clock, login, api });
    this.#watchServers = new Servers({ settings, clock, login, api });
    this.#watches = new Watches({
      servers: this.#watchServers,
      login,
      api,
      codec: this.#codec,
      clock,
      random,
      logger,
      timeoutMs: settings.timeoutMs,
    });
  }

  /**
   * Connects to the cluster, retrying until the time is up.
   *
   * @throws `UNAVAILABLE` naming each server and its error; `UNSUPPORTED` for an etcd that is too old.
   */
  async start(signal: AbortSignal): Promise<void> {
    const deadline = this.#clock.elapsed() + this.#settings.timeoutMs;
    const backoff = new Backoff(this.#random);
    let told: GantryError | undefined;
    for (;;) {
      try {
        await this.#greet(deadline, signal);
        return;
      } catch (error) {
        if (!isGantryError(error, 'UNAVAILABLE', 'TIMEOUT')) throw error;
        // The last attempt may be cut short, and then has no reason to report.
        if (told === undefined || error.code === 'UNAVAILABLE') told = error;
        const waitMs = backoff.next();
        if (this.#clock.elapsed() + waitMs >= deadline) throw this.#unreachable(told);
        await this.#clock.sleep(waitMs, signal);
      }
    }
  }

  async get(key: string, options?: Signal): Promise<Entry | undefined> {
    this.#enter(options?.signal);
    checkKey(key);
    const { kvs } = await this.#range({ key: this.#codec.key(key) }, options);
    return kvs?.[0] && this.#codec.entry(kvs[0]);
  }

  async list(prefix: string, options?: Signal): Promise<Listing> {
    this.#enter(options?.signal);
    checkPrefix(prefix);
    const ask = (request: RangeRequest): Promise<RangeResponse> => this.#range(request, options);
    return await readAll(ask, this.#codec.range(prefix), (kv) => this.#codec.entry(kv));
  }

  /** As the contract says; if it takes several transactions, the fence is a condition of each. */
  async commit(changes: readonly Change[], options: CommitOptions = {}): Promise<readonly Outcome[]> {
    const { signal } = options;
    this.#enter(signal);
    const encoded = changes.map((change) => this.#encode(change));
    let fence = options.fence && this.#encodeFence(options.fence);
    const txns = planTxns(encoded);
    if (fence !== undefined && txns.length === 0) await this.#write([], fence, options);
    const outcomes: Outcome[] = [];
    for (const txn of txns) {
      try {
        const answers = await this.#write(txn, fence, options);
        const unreadable = answers.find((answer) => isGantryError(answer));
        if (unreadable !== undefined) throw unreadable;
        for (const answer of answers) outcomes.push(answer as Outcome);
        fence &&= fenceAfter(fence, txn, answers as readonly Outcome[]);
      } catch (error) {
        throw outcomes.length === 0 ? error : partWritten(error, outcomes.length, changes.length);
      }
    }
    return outcomes;
  }

  watch(
    prefix: string,
    { since, signal }: { since: number; signal: AbortSignal },
  ): AsyncIterable<readonly StoreEvent[]> {
    checkPrefix(prefix);
    checkSince(since);
    return { [Symbol.asyncIterator]: () => this.#watches.follow(prefix, since, signal) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#watches.close();
    await Promise.all([this.#servers.close(), this.#watchServers.close()]);
  }

  #enter(signal: AbortSignal | undefined): void {
    if (this.#closing !== undefined) throw new GantryError('CLOSED', 'store-etcd: the store is closed');
    throwIfAborted(signal);
  }

  /** Checks that the version is supported and that the cluster has a majority: a read requires one. */
  async #greet(deadline: number, signal: AbortSignal): Promise<void> {
    const { version } = await this.#servers
      .ask(this.#api.status, {}, { signal, deadline })
      .catch((error: unknown) => {
        // From 3.6 on only root may read the version.
        if (isGantryError(error, 'FORBIDDEN')) return { version: undefined };
        throw error;
      });
    if (version !== undefined && isOlder(version)) {
      const message = `store-etcd: needs etcd ${OLDEST.join('.')} or newer, this is ${version}`;
      throw new GantryError('UNSUPPORTED', message, { details: { version } });
    }
    await this.#servers.ask(this.#api.range, { ...this.#codec.range(''), limit: 1 }, { signal, deadline });
  }

  #unreachable(error: GantryError): GantryError {
    const endpoints = this.#settings.endpoints.map(({ name }) => name);
    const reason = error.message.replace(/^store-etcd: /, '');
    const message = `store-etcd: etcd at ${endpoints.join(', ')} cannot be reached: ${reason}`;
    return new GantryError('UNAVAILABLE', message, { details: { endpoints }, cause: error });
  }

  async #range(request: RangeRequest, options: Signal | undefined): Promise<RangeResponse> {
    return await this.#servers.ask(this.#api.range, request, { signal: options?.signal });
  }

  /** A write without a signal may share a transaction with concurrent writes under the same fence. */
  async #write(
    changes: readonly EncodedChange[],
    fence: EncodedFence | undefined,
    { signal }: CommitOptions,
  ): Promise<readonly Answer[]> {
    if (signal === undefined) return await this.#gathering.write(changes, fence);
    return await this.#transact(changes, fence, signal);
  }

  async #transact(
    changes: readonly EncodedChange[],
    fence: EncodedFence | undefined,
    signal: AbortSignal | undefined,
  ): Promise<readonly Answer[]> {
    const request = txnOf(changes, fence);
    const answer = await this.#servers.ask(this.#api.txn, request, { write: true, signal });
    const outcomes = outcomesOf(answer, changes, this.#codec);
    if (outcomes !== undefined) return outcomes;
    const message = `store-etcd: "${fence?.name}" is no longer at revision ${fence?.revision}`;
    throw new GantryError('FENCED', message, { details: { key: fence?.name } });
  }

  #encode({ key, value, expect }: Change): EncodedChange {
    checkKey(key);
    const text = value === undefined ? undefined : encodeValue(key, value, MAX_VALUE_BYTES);
    return {
      name: key,
      key: this.#codec.key(key),
      value: text === undefined ? undefined : Buffer.from(text),
      expect,
    };
  }

  #encodeFence({ key, revision }: Fence): EncodedFence {
    checkKey(key);
    return { name: key, key: this.#codec.key(key), revision: revisionOf(revision) };
  }
}

/** A commit that writes the key of its own fence continues from the revision that it wrote. */
function fenceAfter(
  fence: EncodedFence,
  txn: readonly EncodedChange[],
  answers: readonly Outcome[],
): EncodedFence {
  const index = txn.findIndex(({ name }) => name === fence.name);
  const answer = answers[index];
  if (answer?.ok !== true) return fence;
  return { ...fence, revision: txn[index]?.value === undefined ? 0 : answer.revision };
}

/** After an earlier transaction was done, an error must not claim that nothing was written. */
function partWritten(error: unknown, done: number, all: number): GantryError {
  const { code, message, details } = toGantryError(error, 'store-etcd');
  const told = code === 'UNAVAILABLE' || code === 'CLOSED' ? 'TIMEOUT' : code;
  const text = `${message} (after the first ${done} of ${all} changes were done)`;
  return new GantryError(told, text, { details: { ...details, done }, cause: error });
}

function isOlder(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]);
}

/** Plugin: a store in etcd, for `contracts.store`. */
export const etcdStore = definePlugin({
  name: 'store-etcd',
  provides: contracts.store,
  needs: { clock: contracts.clock, random: contracts.random, logger: contracts.logger },
  options: optionsSchema,
  create: (settings, needs) => new EtcdStore(settings, needs),
});
