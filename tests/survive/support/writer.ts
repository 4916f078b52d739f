import { toGantryError } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';

const KEYS = 8;
const MOST = 200;
const PAUSE_MS = 5;
/** Labels of 250 characters that fill an object. */
const PADDING = 120;

/** Writes to a cluster without end and records acknowledged writes, to be compared with the stored objects. */
export class Writer implements AsyncDisposable {
  readonly #api: ClusterApi;
  readonly #labels: Readonly<Record<string, string>>;
  readonly #attempted = new Map<string, number>();
  readonly #acknowledged = new Map<string, number>();
  /** Objects whose creation was acknowledged. */
  readonly #created = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #sequence = 0;
  /** Objects that it creates until they are tidied: what a store has once taken from the disk it keeps. */
  most = MOST;
  #writes = 0;

  /** @param padding labels of 250 characters of each object that is created */
  constructor(api: ClusterApi, padding = PADDING) {
    this.#api = api;
    const labels = Array.from({ length: padding }, (_, index) => [`p${index}`, 'x'.repeat(250)]);
    this.#labels = Object.fromEntries(labels);
  }

  /** Writes that were acknowledged. */
  get writes(): number {
    return this.#writes;
  }

  /** Failed writes of a code. */
  failures(code: string): number {
    return this.#failures.get(code) ?? 0;
  }

  async start(): Promise<void> {
    for (let key = 0; key < KEYS; key++)
      await this.#api.apply({ kind: 'network', meta: { name: `k-${key}` }, spec: {} });
    this.#loop = this.#write();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  /** Acknowledged writes that the cluster does not have, and values that were never written. */
  async lost(): Promise<readonly string[]> {
    // What is acknowledged from here on may be missing in the answer.
    const [acknowledged, created] = [new Map(this.#acknowledged), [...this.#created]];
    const { items } = await this.#api.list('network');
    const stored = new Map(items.map(({ meta }) => [meta.name, Number(meta.labels.n)]));
    const wrong = [...acknowledged].filter(([key, least]) => {
      const found = stored.get(key) ?? -1;
      return !(found >= least && found <= (this.#attempted.get(key) ?? 0));
    });
    const missing = created.filter((name) => this.#created.has(name) && !stored.has(name));
    return [...wrong.map(([key, n]) => `${key}: ${n} acknowledged, ${stored.get(key)} stored`), ...missing];
  }

  /** Deletes what was created, so that the next round finds room again. */
  async tidy(): Promise<void> {
    for (const name of [...this.#created]) {
      this.#created.delete(name);
      await this.#api.delete('network', name);
    }
  }

  async #write(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const n = ++this.#sequence;
      const key = `k-${n % KEYS}`;
      this.#attempted.set(key, n);
      await this.#count(async () => {
        await this.#api.patch('network', key, { meta: { labels: { n: String(n) } } });
        this.#acknowledged.set(key, n);
      });
      if (n % 2 === 0 && this.#created.size < this.most) {
        const name = `x-${n}`;
        await this.#count(async () => {
          await this.#api.create({ kind: 'network', meta: { name, labels: this.#labels }, spec: {} });
          this.#created.add(name);
        });
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async #count(write: () => Promise<void>): Promise<void> {
    try {
      await write();
      this.#writes++;
    } catch (error) {
      const { code } = toGantryError(error);
      this.#failures.set(code, (this.#failures.get(code) ?? 0) + 1);
    }
  }
}
