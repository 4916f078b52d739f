import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GantryError } from '@gantry/core';

const FILE = 'identity.json';

interface Recorded {
  readonly id: string;
  /** False from before the data file is created until it holds the same id. */
  readonly created: boolean;
}

/**
 * Distinguishes a directory that has lost its data from a new one. The id of a store is kept in its data and in a small
 * file beside it, which is written before the data file is created. If the id is known but the data file is empty or
 * missing, the data was lost, and is never replaced by an empty store.
 */
export class Identity {
  readonly #folder: string;
  readonly #isNew: boolean;
  #recorded: Recorded | undefined;

  private constructor(folder: string, isNew: boolean, recorded: Recorded | undefined) {
    this.#folder = folder;
    this.#isNew = isNew;
    this.#recorded = recorded;
  }

  /** @throws `UNSUPPORTED` if the directory has lost its data; every file is then left as it is. */
  static async read(folder: string): Promise<Identity> {
    const data = await stat(join(folder, 'data.mdb')).catch(() => undefined);
    const text = await readFile(join(folder, FILE), 'utf8').catch(() => undefined);
    const recorded = parsed(text);
    const lost = data === undefined ? 'is missing' : data.size === 0 ? 'is empty' : undefined;
    if (lost === undefined) return new Identity(folder, false, recorded);
    const isNew = recorded?.created === false || (data === undefined && recorded === undefined);
    if (isNew) return new Identity(folder, true, recorded);
    const why =
      recorded === undefined ? `"data.mdb" ${lost}` : `"data.mdb" ${lost}, and held store ${recorded.id}`;
    throw lostData(folder, why, recorded === undefined ? 'data.mdb' : FILE);
  }

  /** Whether the data file has yet to be created. */
  get isNew(): boolean {
    return this.#isNew;
  }

  /** Prepares for the creation of the data file; must be called before it. */
  async prepare(): Promise<void> {
    // A file left by an interrupted creation contains nothing.
    await rm(join(this.#folder, 'data.mdb'), { force: true });
    await this.#write({ id: this.#recorded?.id ?? randomUUID(), created: false });
  }

  /** The id that the data should hold: a new one for data that has none yet. */
  expected(stored: string | undefined): string {
    const recorded = this.#recorded;
    if (recorded?.created === true && stored !== recorded.id)
      throw lostData(
        this.#folder,
        `"data.mdb" is that of ${stored === undefined ? 'another store' : `store ${stored}`}, not of store ${recorded.id}`,
        FILE,
      );
    return stored ?? recorded?.id ?? randomUUID();
  }

  /** Records that the data holds this id. */
  async confirm(id: string): Promise<void> {
    if (this.#recorded?.created === true && this.#recorded.id === id) return;
    await this.#write({ id, created: true });
  }

  async #write(recorded: Recorded): Promise<void> {
    const path = join(this.#folder, FILE);
    const temporary = `${path}.new`;
    try {
      await writeFile(temporary, `${JSON.stringify(recorded)}\n`, { mode: 0o600, flush: true });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw error;
    }
    this.#recorded = recorded;
  }
}

function lostData(folder: string, why: string, file: string): GantryError {
  return new GantryError(
    'UNSUPPORTED',
    `store-lmdb: cannot use the folder "${folder}": ${why}: restore "data.mdb" from a backup, or start a new store by removing "${file}"`,
    { details: { path: folder } },
  );
}

function parsed(text: string | undefined): Recorded | undefined {
  try {
    const { id, created } = JSON.parse(text ?? '') as Partial<Recorded>;
    return typeof id === 'string' && typeof created === 'boolean' ? { id, created } : undefined;
  } catch {
    return undefined;
  }
}
