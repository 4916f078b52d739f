import { randomUUID } from 'node:crypto';
import type { Clock, Logger, Random } from '@gantry/core';
import { SystemClock, SystemRandom } from '@gantry/system';
import { silentLogger } from '@gantry/testing';
import { type EtcdStore, type EtcdStoreOptions, etcdStore } from '../../src/index.ts';

export interface Needs {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** A store as the host makes it, not started. */
export function makeStore(options: EtcdStoreOptions, more: Partial<Needs> = {}): EtcdStore {
  const needs = { clock: new SystemClock(), random: new SystemRandom(), logger: silentLogger };
  return etcdStore(options).create({ ...needs, ...more }) as EtcdStore;
}

/** A clock on which no deadline passes until it is released. */
class HeldClock extends SystemClock {
  #released: number | undefined;

  release(): void {
    this.#released = super.elapsed();
  }

  override elapsed(): number {
    return this.#released === undefined ? 0 : super.elapsed() - this.#released;
  }

  override after(ms: number, callback: () => void): () => void {
    return this.#released === undefined ? () => undefined : super.after(ms, callback);
  }
}

/** A store that is started. */
export async function startStore(options: EtcdStoreOptions, more: Partial<Needs> = {}): Promise<EtcdStore> {
  const store = makeStore(options, more);
  try {
    await store.start(new AbortController().signal);
    return store;
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

/** A store on a server that answers: it is started however short its timeouts are and however slow the machine is. */
export async function startAnswered(options: EtcdStoreOptions): Promise<EtcdStore> {
  const clock = new HeldClock();
  const store = await startStore(options, { clock });
  clock.release();
  return store;
}

/** Returns an unused prefix. */
export function freshPrefix(): string {
  return `/test-${randomUUID()}/`;
}

/** Asks etcd's JSON gateway. */
export async function gateway(url: string, path: string, body: unknown, token?: string): Promise<unknown> {
  const headers = token === undefined ? {} : { authorization: token };
  const answer = await fetch(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body), headers });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return await answer.json();
}

/** Forgets all that was before now. etcd keeps the newest event there is, so that has to be another one. */
export async function compact(url: string): Promise<void> {
  const put = await gateway(url, 'kv/put', { key: btoa('filler'), value: btoa('1') });
  const { revision } = (put as { header: { revision: string } }).header;
  await gateway(url, 'kv/compaction', { revision, physical: true });
}
