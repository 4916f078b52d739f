import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Clock } from '@gantry/core';
import type { Frontend } from '@gantry/core/contracts';

/** What is older says little about where tasks listen now, ms. */
const MAX_AGE_MS = 60_000;

interface Kept {
  readonly savedAt: number;
  readonly frontends: readonly Frontend[];
}

/**
 * The frontends of a load balancer in a file, so that its next program serves their ports before it has heard of the
 * cluster. What cannot be written or read is left out: the cluster knows better anyway.
 */
export class KeptFrontends {
  readonly #path: string;
  readonly #clock: Clock;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /**
   * Returns the frontends at an address as they were saved in the last minute. Those on any free port are left out, for it
   * would be another.
   */
  async read(address: string): Promise<readonly Frontend[]> {
    try {
      const { savedAt, frontends } = JSON.parse(await readFile(this.#path, 'utf8')) as Kept;
      const age = this.#clock.now() - savedAt;
      return age >= 0 && age < MAX_AGE_MS
        ? frontends.filter((each) => each.port !== 0 && each.address === address)
        : [];
    } catch {
      return [];
    }
  }

  /** Replaces what is saved; resolves once that is done, or was not possible. */
  async save(frontends: readonly Frontend[]): Promise<void> {
    const kept: Kept = { savedAt: this.#clock.now(), frontends };
    this.#writing = this.#writing.then(async () => {
      try {
        await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
        await writeFile(`${this.#path}.new`, JSON.stringify(kept), { mode: 0o600 });
        await rename(`${this.#path}.new`, this.#path);
      } catch {
        // A full disk, say: the next program waits for the cluster.
      }
    });
    await this.#writing;
  }
}
