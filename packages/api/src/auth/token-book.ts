import {
  type Clock,
  GantryError,
  isGantryError,
  type Lifecycle,
  type Logger,
  type Store,
  toGantryError,
} from '@gantry/core';
import type { Caller } from '@gantry/core/api';
import type { Grant } from '@gantry/core/model';
import { hashSecret, newSecret, newTokenId, SECRET, sameHash } from '../secret.ts';

const PREFIX = 'tokens/';
const RETRY_MS = 1000;

/** A token as shown to users: everything except its secret. */
export interface TokenInfo extends Caller {
  readonly createdAt: number;
}

interface StoredToken {
  readonly name: string;
  readonly hash: string;
  readonly grants: readonly Grant[];
  readonly createdAt: number;
  readonly expiresAt?: number | undefined;
}

interface Parts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The access tokens: stored as hashes, and cached here from a watch of the store. A deleted token is rejected as soon
 * as this server receives the deletion.
 */
export class TokenBook implements Lifecycle {
  readonly #parts: Parts;
  readonly #adminHash: string | undefined;
  readonly #tokens = new Map<string, StoredToken>();
  readonly #idsByHash = new Map<string, string>();
  readonly #stop = new AbortController();
  #following: Promise<void> = Promise.resolve();
  #onGone: (id: string) => void = () => {};

  constructor(parts: Parts, adminToken: string | undefined) {
    this.#parts = parts;
    this.#adminHash = adminToken === undefined ? undefined : hashSecret(adminToken);
  }

  async start(signal: AbortSignal): Promise<void> {
    const since = await this.#list(signal);
    this.#following = this.#follow(since);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#following;
  }

  /** Sets the listener that is called with the ID of each deleted token. */
  onGone(listener: (id: string) => void): void {
    this.#onGone = listener;
  }

  /**
   * Returns the identity of the token with this secret.
   * @throws `UNAUTHENTICATED`, without details on what is wrong with the secret.
   */
  authenticate(secret: string | undefined): Caller {
    if (secret === undefined) throw new GantryError('UNAUTHENTICATED', 'a bearer token is needed');
    const hash = SECRET.test(secret) ? hashSecret(secret) : '';
    if (this.#adminHash !== undefined && sameHash(hash, this.#adminHash)) {
      return { id: 'admin', name: 'admin', grants: [{ role: 'admin', namespace: '*' }] };
    }
    // Looked up by hash: a timing attack would reveal the hash at most, not the secret.
    const id = this.#idsByHash.get(hash);
    const token = id === undefined ? undefined : this.#tokens.get(id);
    if (id === undefined || token === undefined || !sameHash(hash, token.hash)) {
      throw new GantryError('UNAUTHENTICATED', 'unknown bearer token');
    }
    const identity = { id, name: token.name, grants: token.grants, expiresAt: token.expiresAt };
    if (this.expired(identity)) throw new GantryError('UNAUTHENTICATED', 'the bearer token has expired');
    return identity;
  }

  expired({ expiresAt }: Caller): boolean {
    return expiresAt !== undefined && expiresAt <= this.#parts.clock.now();
  }

  /** Creates a token. Its secret is returned here and never again. */
  async create(
    name: string,
    grants: readonly Grant[],
    expiresInMs: number | undefined,
  ): Promise<TokenInfo & { readonly token: string }> {
    const token = newSecret();
    const id = newTokenId();
    const createdAt = this.#parts.clock.now();
    const expiresAt = expiresInMs === undefined ? undefined : createdAt + expiresInMs;
    const stored: StoredToken = {
      name,
      hash: hashSecret(token),
      grants,
      createdAt,
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
    const [outcome] = await this.#parts.store.commit([{ key: PREFIX + id, value: stored, expect: 'absent' }]);
    if (outcome?.ok !== true) throw new GantryError('CONFLICT', `there is a token ${id} already`);
    this.#put(id, stored);
    return { ...infoOf(id, stored), token };
  }

  list(): readonly TokenInfo[] {
    return [...this.#tokens].map(([id, token]) => infoOf(id, token)).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  async delete(id: string): Promise<void> {
    if (!this.#tokens.has(id)) throw new GantryError('NOT_FOUND', `token "${id}" not found`);
    await this.#parts.store.commit([{ key: PREFIX + id, value: undefined }]);
    this.#remove(id);
  }

  #put(id: string, token: StoredToken): void {
    this.#tokens.set(id, token);
    this.#idsByHash.set(token.hash, id);
  }

  #remove(id: string): void {
    const token = this.#tokens.get(id);
    if (token === undefined) return;
    this.#tokens.delete(id);
    this.#idsByHash.delete(token.hash);
    this.#onGone(id);
  }

  async #list(signal: AbortSignal): Promise<number> {
    const { entries, revision } = await this.#parts.store.list(PREFIX, { signal });
    const listed = new Set(entries.map(({ key }) => key.slice(PREFIX.length)));
    for (const id of [...this.#tokens.keys()]) if (!listed.has(id)) this.#remove(id);
    for (const { key, value } of entries) this.#put(key.slice(PREFIX.length), value as StoredToken);
    return revision;
  }

  async #follow(listed: number): Promise<void> {
    const { signal } = this.#stop;
    const { store, clock, logger } = this.#parts;
    let since: number | undefined = listed;
    while (!signal.aborted) {
      try {
        since ??= await this.#list(signal);
        for await (const batch of store.watch(PREFIX, { since, signal })) {
          for (const { key, value, revision } of batch) {
            const id = key.slice(PREFIX.length);
            if (value === undefined) this.#remove(id);
            else this.#put(id, value as StoredToken);
            since = revision;
          }
        }
        if (!signal.aborted) throw new GantryError('UNAVAILABLE', 'the watch of tokens ended unexpectedly');
      } catch (error) {
        if (signal.aborted || isGantryError(error, 'CLOSED')) return;
        since = undefined;
        if (isGantryError(error, 'COMPACTED')) continue;
        logger.warn('failed to watch access tokens', { error: toGantryError(error) });
        await clock.sleep(RETRY_MS, signal).catch(() => undefined);
      }
    }
  }
}

function infoOf(id: string, { name, grants, createdAt, expiresAt }: StoredToken): TokenInfo {
  return { id, name, grants, createdAt, ...(expiresAt === undefined ? {} : { expiresAt }) };
}
