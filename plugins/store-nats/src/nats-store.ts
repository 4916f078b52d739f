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
  unlessAborted,
} from '@gantry/core';
import type { Change, CommitOptions, Entry, Listing, Outcome, StoreEvent } from '@gantry/core/contracts';
import { Backoff } from '@gantry/core/primitives';
import { Link } from '@gantry/nats';
import { checkKey, checkPrefix, checkSince, encodeValue } from '@gantry/storing';
import { Bucket } from './bucket.ts';
import type { EncodedChange } from './decide.ts';
import { Mirror } from './mirror.ts';
import { checkServer, losesReplicated, openBucket } from './open-bucket.ts';
import { type NatsStoreOptions, optionsSchema, type Settings, toSettings } from './options.ts';
import { Replica } from './replica.ts';
import { Requests } from './requests.ts';
import { Sweeper } from './sweeper.ts';
import { Writer } from './writer.ts';

const PLUGIN = 'store-nats';
const MAX_VALUE_BYTES = 900_000;
/** Ping interval, in ms. An unresponsive server counts as lost after 10 to 15 s. */
const PING_MS = 5000;
const FIRST_WAIT_MS = 50;
/** Maximum delay between reconnects, in ms: few clients connect to a store (servers, not agents). */
const LONGEST_WAIT_MS = 1000;

/** The contracts that the store uses. */
export interface NatsStoreNeeds {
  /** Measures timeouts and retry delays. */
  readonly clock: Clock;
  /** Spreads retry delays. */
  readonly random: Random;
  /** Receives connection events. */
  readonly logger: Logger;
}

type Signal = { readonly signal?: AbortSignal | undefined };

/** A store in a key-value bucket of NATS JetStream. The whole bucket is mirrored in memory, and read from there. */
export class NatsStore implements Store, Lifecycle {
  readonly supports: Store['supports'] = { durable: true, fencing: false, maxValueBytes: MAX_VALUE_BYTES };
  readonly #settings: Settings;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #link: Link;
  readonly #requests: Requests;
  readonly #bucket: Bucket;
  readonly #replica: Replica;
  readonly #mirror: Mirror;
  readonly #writer: Writer;
  readonly #sweeper: Sweeper;
  #closing: Promise<void> | undefined;

  /** Creates a store that connects in `start`. */
  constructor({ clock, random, logger: parent }: NatsStoreNeeds, options: NatsStoreOptions = {}) {
    const settings = toSettings(optionsSchema.parse(options));
    const { timeoutMs, events, eventBytes, deletesKeptMs } = settings;
    const logger = parent.child({ plugin: PLUGIN });
    this.#logger = logger;
    const requests = new Requests(clock, timeoutMs);
    const bucket = new Bucket(settings.bucket, requests);
    const replica = new Replica({ bucket, logger, events, eventBytes, deletesKeptMs });
    const mirror = new Mirror({ bucket, replica, clock, random, logger, timeoutMs });
    this.#settings = settings;
    this.#clock = clock;
    this.#random = random;
    this.#requests = requests;
    this.#bucket = bucket;
    this.#replica = replica;
    this.#mirror = mirror;
    this.#writer = new Writer({ bucket, mirror, replica, clock, random });
    this.#sweeper = new Sweeper({ bucket, replica, clock, random, logger, deletesKeptMs });
    const listener = {
      connected: (connection: Parameters<Requests['connected']>[0]) => {
        requests.connected(connection);
        mirror.connected(connection);
      },
      lost: () => {
        requests.lost();
        mirror.lost();
      },
      forbidden: (subject: string) => requests.forbidden(subject),
    };
    const parts = { plugin: PLUGIN, settings: settings.connection, clock, random, logger };
    this.#link = new Link({ ...parts, pingMs: PING_MS, longestWaitMs: LONGEST_WAIT_MS }, listener);
  }

  /**
   * Connects, opens the bucket or creates it, and reads all of it.
   *
   * @throws `UNAVAILABLE` if no server can be reached in time, `UNAUTHENTICATED` if one rejects the credentials,
   * `FORBIDDEN` if a required permission is missing, `UNSUPPORTED` for a server or a bucket that cannot give the
   * store's guarantees, `INVALID_OPTIONS` for an unusable file named in the options, `ABORTED`, `CLOSED`.
   */
  async start(signal: AbortSignal): Promise<void> {
    this.#enter(signal);
    const connection = await this.#link.open(signal);
    checkServer(connection.info, MAX_VALUE_BYTES);
    const { version = '' } = connection.info ?? {};
    this.#checkReplicas(this.#settings.replicas, version);
    const { config } = await this.#patiently(
      () => openBucket(this.#bucket, this.#settings, MAX_VALUE_BYTES),
      signal,
    );
    this.#checkReplicas(config.num_replicas, version);
    void this.#mirror.run();
    await this.#patiently(() => this.#mirror.upToDate(() => undefined), signal);
    if (config.max_msgs_per_subject === 1) void this.#sweeper.run();
  }

  async get(key: string, options?: Signal): Promise<Entry | undefined> {
    this.#enter(options?.signal);
    checkKey(key);
    return await this.#read(() => this.#replica.entries.get(key), options);
  }

  async list(prefix: string, options?: Signal): Promise<Listing> {
    this.#enter(options?.signal);
    checkPrefix(prefix);
    const { entries } = this.#replica;
    return await this.#read(
      () => ({ entries: entries.list(prefix), revision: this.#replica.revision }),
      options,
    );
  }

  async commit(
    changes: readonly Change[],
    { signal, fence }: CommitOptions = {},
  ): Promise<readonly Outcome[]> {
    this.#enter(signal);
    const encoded = changes.map(encode);
    if (fence !== undefined)
      throw new GantryError('UNSUPPORTED', 'store-nats: a commit cannot have a fence here');
    const writing = this.#writer.write(encoded, signal);
    return await (signal === undefined ? writing : unlessAborted(writing, signal));
  }

  watch(
    prefix: string,
    options: { since: number; signal: AbortSignal },
  ): AsyncIterable<readonly StoreEvent[]> {
    checkPrefix(prefix);
    checkSince(options.since);
    return { [Symbol.asyncIterator]: () => this.#replica.watch(prefix, options) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#sweeper.close();
    this.#mirror.close();
    this.#requests.close();
    await this.#link.close();
  }

  #checkReplicas(count: number, version: string): void {
    if (count === 1 || !losesReplicated(version)) return;
    const what = `store-nats: replicated buckets of a server of version ${version} may lose confirmed writes`;
    const message = `${what}: 2.9.21 or newer is needed`;
    if (!this.#settings.unsafeReplicas)
      throw new GantryError('UNSUPPORTED', message, { details: { version } });
    this.#logger.warn(message);
  }

  #enter(signal: AbortSignal | undefined): void {
    if (this.#closing !== undefined) throw new GantryError('CLOSED', 'store-nats: the store is closed');
    throwIfAborted(signal);
  }

  async #read<T>(read: () => T, options: Signal | undefined): Promise<T> {
    const reading = this.#mirror.upToDate(read);
    const signal = options?.signal;
    return await (signal === undefined ? reading : unlessAborted(reading, signal));
  }

  /**
   * Retries until `connectTimeoutMs` after the last progress: a cluster may have no leader yet, a bucket may be large.
   */
  async #patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const backoff = new Backoff(this.#random, FIRST_WAIT_MS, LONGEST_WAIT_MS);
    let { revision } = this.#replica;
    let since = this.#clock.elapsed();
    for (;;) {
      try {
        return await unlessAborted(work(), signal);
      } catch (error) {
        if (!isGantryError(error, 'UNAVAILABLE', 'TIMEOUT')) throw toGantryError(error, 'store-nats');
        if (this.#replica.revision > revision) since = this.#clock.elapsed();
        revision = this.#replica.revision;
        const waitMs = backoff.next();
        if (this.#clock.elapsed() + waitMs - since > this.#settings.connection.connectTimeoutMs)
          throw this.#late(error);
        await this.#clock.sleep(waitMs, signal);
        this.#enter(signal);
      }
    }
  }

  #late(cause: GantryError): GantryError {
    const { bucket, connection } = this.#settings;
    const { connectTimeoutMs } = connection;
    const reason = cause.message.replace(/^store-nats: /, '');
    const message = `store-nats: the bucket "${bucket}" could not be opened within ${connectTimeoutMs} ms: ${reason}`;
    return new GantryError('UNAVAILABLE', message, { details: { bucket }, cause });
  }
}

function encode({ key, value, expect }: Change): EncodedChange {
  checkKey(key);
  return { key, text: value === undefined ? undefined : encodeValue(key, value, MAX_VALUE_BYTES), expect };
}

/** Plugin: a store in NATS JetStream, for `contracts.store`. */
export const natsStore = definePlugin({
  name: 'store-nats',
  provides: contracts.store,
  needs: { clock: contracts.clock, random: contracts.random, logger: contracts.logger },
  options: optionsSchema,
  create: (options, needs) => new NatsStore(needs, options),
});
