import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { GantryError } from '@gantry/core';
import type { Entry, Listing } from '@gantry/core/contracts';
import { type Database, open, type RootDatabase } from 'lmdb';
import { failure } from './failure.ts';
import { History, type Remembered } from './history.ts';
import type { Plan, State, Stored } from './plan.ts';
import { Room } from './room.ts';

/** Format of the data; increased when a version that does not know the new format would misread or harm the data. */
const FORMAT = 1;
const DATABASES: readonly string[] = ['entries', 'history', 'meta'];
/** Matches what may be the beginning of a key. */
const PREFIX = /^[A-Za-z0-9._/-]{0,512}$/;
/** Sorts after every character that a key may contain. */
const AFTER = '\uffff';
/** Space for the pages that every transaction writes: while a disk fills up, deletes remain possible for longest. */
const BASE_BYTES = Object.freeze({ put: 131_072, delete: 98_304, own: 65_536 });
/** Number of pages that a write may copy: the path from the root of the tree to its leaf. */
const PAGES_PER_WRITE = 4;
/** In UTF-8, and in half-full pages. */
const BYTES_PER_CHARACTER = 4;
/** Maximum number of records that a write may remove beyond those it adds: a reduced history is trimmed gradually. */
const FORGET_MORE = 1000;

/**
 * The LMDB environment of a store, laid out in three databases: `entries` (key: text of the value, its version being
 * the revision), `history` (see {@link History}), `meta`. It is written in classic transactions: what can be read is on
 * the disk. Everything read in one turn of the event loop is one snapshot.
 */
export class Environment implements State {
  readonly #folder: string;
  readonly #root: RootDatabase<unknown, string>;
  readonly #meta: Database<string, string>;
  readonly #entries: Database<string, string>;
  readonly #history: History;
  /** Number of the owner; an owner that finds another number has lost the directory. */
  readonly #term: number;
  /** Id of the store, whichever directory it is in. */
  readonly id: string;
  /** False while the disk is too full to record the owner of the directory. */
  #owned = false;
  readonly #room: Room;

  /**
   * @param idFor returns the id that the data should hold, given the one that it holds; may throw
   * @throws `UNSUPPORTED` for data of a newer format, foreign or damaged files.
   */
  constructor(folder: string, idFor: (stored: string | undefined) => string) {
    this.#folder = folder;
    this.#room = new Room(join(folder, 'data.mdb'));
    this.#root = openRoot(folder);
    try {
      checkSize(folder, this.#root);
      const found = [...this.#root.getKeys()];
      const foreign = found.find((name) => !DATABASES.includes(name));
      if (foreign !== undefined && !found.includes('meta')) throw unusable(folder, isForeign(foreign));
      this.#meta = this.#root.openDB('meta', { encoding: 'string', useVersions: true });
      const format = this.#meta.get('format');
      if (format === undefined && foreign !== undefined) throw unusable(folder, isForeign(foreign));
      if (Number(format ?? FORMAT) > FORMAT)
        throw unusable(folder, `its data has format ${format}, this version of gantry knows up to ${FORMAT}`);
      this.#entries = this.#root.openDB('entries', { encoding: 'string', useVersions: true });
      this.#history = new History(this.#root.openDB('history', { encoding: 'string' }));
      this.#term = (this.#meta.getEntry('owner')?.version ?? 0) + 1;
      const stored = this.#meta.get('id');
      this.id = idFor(stored);
      try {
        this.#own();
      } catch (error) {
        // With a full disk the store can be read, and is owned from the first commit on that there is space for.
        if (stored === undefined || failure('', error).code !== 'EXHAUSTED') throw error;
      }
    } catch (error) {
      this.#room.close();
      void this.#root.close();
      throw failure(`use the data in "${folder}"`, error);
    }
  }

  has(key: string, revision?: number): boolean {
    return this.#reading(() =>
      revision === undefined ? this.#entries.doesExist(key) : this.#entries.doesExist(key, revision),
    );
  }

  read(key: string): Stored | undefined {
    const found = this.#reading(() => this.#entries.getEntry(key));
    return found && { text: found.value, revision: found.version as number };
  }

  list(prefix: string): Listing {
    return this.#reading(() => {
      const revision = this.revision;
      if (!PREFIX.test(prefix)) return { entries: [], revision };
      const entries: Entry[] = [];
      const range = prefix === '' ? {} : { start: prefix, end: prefix + AFTER };
      for (const { key, value, version } of this.#entries.getRange({ ...range, versions: true }))
        entries.push({ key, value: JSON.parse(value), revision: version as number });
      return { entries, revision };
    });
  }

  /** Revision of the last write. */
  get revision(): number {
    return this.#reading(() => this.#history.revision);
  }

  /** Revision after which all writes are remembered. */
  get oldest(): number {
    return this.#reading(() => this.#history.oldest);
  }

  /** The remembered writes above `since`, up to `until`. */
  remembered(since: number, until: number): Remembered[] {
    return this.#reading(() => this.#history.read(since, until));
  }

  /**
   * Writes all of a plan or nothing, and forgets all but the last `remember` writes; resolves once that is on the disk.
   *
   * @throws `EXHAUSTED` if the disk is full; after any other error the environment must not be written to again.
   */
  async write(plan: Plan, remember: number): Promise<void> {
    const { last, writes } = plan;
    const folder = this.#folder;
    const length = writes.reduce((sum, { text = '' }) => sum + text.length, 0);
    if (!this.#owned) this.#own();
    this.#takeRoom(writes.length, length);
    const most = writes.length + FORGET_MORE;
    const forget = this.#reading(() => this.#history.upTo(plan.revision - remember, most));
    const apply = (): void => {
      for (const { key, text, revision } of last.values()) {
        if (text === undefined) this.#entries.remove(key);
        else this.#entries.put(key, text, revision);
      }
      this.#history.change(writes, forget);
    };
    const done = await this.#meta.ifVersion('owner', this.#term, apply).catch(async (error: unknown) => {
      const { commitError } = error as { commitError?: Promise<unknown> };
      const cause = await Promise.resolve(commitError ?? error).catch((why: unknown) => why);
      throw failure(`write in "${folder}"`, cause);
    });
    if (done) return;
    throw new GantryError('UNAVAILABLE', `store-lmdb: another owner has taken the folder "${this.#folder}"`);
  }

  async close(): Promise<void> {
    this.#room.close();
    await this.#root.close();
  }

  #reading<T>(read: () => T): T {
    try {
      return read();
    } catch (error) {
      throw failure(`read in "${this.#folder}"`, error);
    }
  }

  /** Records the owner of the directory, in a transaction of its own. */
  #own(): void {
    this.#takeRoom(0, 0);
    this.#root.transactionSync(() => {
      this.#meta.put('format', String(FORMAT), 1);
      this.#meta.put('id', this.id, 1);
      this.#meta.put('owner', `${process.pid} on ${hostname()}`, this.#term);
    });
    this.#owned = true;
  }

  /** Reserves the disk space that a transaction may need. */
  #takeRoom(writes: number, length: number): void {
    const { end, pages, pageSize } = usedBy(this.#root);
    const needed = BASE_BYTES[length > 0 ? 'put' : writes > 0 ? 'delete' : 'own'];
    const touched = Math.min(pages, PAGES_PER_WRITE * writes) * pageSize;
    let taken: boolean;
    try {
      taken = this.#room.take(end, needed + touched + BYTES_PER_CHARACTER * length);
    } catch (error) {
      throw failure(`write in "${this.#folder}"`, error);
    }
    if (taken) return;
    throw new GantryError('EXHAUSTED', `store-lmdb: cannot write in "${this.#folder}": the disk is full`);
  }
}

function usedBy(root: RootDatabase<unknown, string>): { end: number; pages: number; pageSize: number } {
  const stats = root.getStats() as { lastPageNumber: number; root: { pageSize: number } };
  const { pageSize } = stats.root;
  const pages = stats.lastPageNumber + 1;
  return { end: pages * pageSize, pages, pageSize };
}

function openRoot(folder: string): RootDatabase<unknown, string> {
  const options = {
    path: folder,
    noSubdir: false,
    encoding: 'binary',
    // Visible data is on the disk.
    overlappingSync: false,
    // Otherwise a failed write rejects a promise internal to lmdb, which cannot be handled.
    eventTurnBatching: false,
    permissionsMode: 0o600,
  } as const;
  try {
    return open<unknown, string>(options);
  } catch (error) {
    throw failure(`open "${join(folder, 'data.mdb')}"`, error);
  }
}

/** Reading beyond the end of a truncated file would kill the process. */
function checkSize(folder: string, root: RootDatabase<unknown, string>): void {
  const needed = usedBy(root).end;
  const { size } = statSync(join(folder, 'data.mdb'));
  if (size < needed)
    throw unusable(folder, `"data.mdb" is damaged: it has ${size} bytes of at least ${needed}`);
}

function isForeign(name: string): string {
  return `it holds an LMDB environment of something else, with "${name}" in it`;
}

function unusable(folder: string, why: string): GantryError {
  return new GantryError('UNSUPPORTED', `store-lmdb: cannot use the folder "${folder}": ${why}`);
}
