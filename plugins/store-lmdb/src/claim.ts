import { constants } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { aborted, GantryError } from '@gantry/core';
import { failure } from './failure.ts';

const SOCKET = /^owner-([1-9]\d*)\.sock$/;
const OWNER = 'owner.json';
const MINE = 'mine';
/** Errors of connecting to a socket whose listener is dead. */
const DEAD: readonly unknown[] = ['ECONNREFUSED', 'ECONNRESET', 'ENOENT', 'EPIPE'];

/**
 * The exclusive right to use a directory. A claimant listens on a socket in the directory, under a number of its own,
 * and then checks whether another process listens on any other. The kernel closes the socket with the process, however
 * that ends; a pid, and what is known of it elsewhere, would mean nothing across containers.
 *
 * Two concurrent claimants see each other, since both listen before they check. The one with the larger number gives
 * way; the other waits until it does, or learns that it was first.
 */
export class Claim {
  readonly #folder: string;
  /** Handle through which sockets are reached: their own path may be too long for a socket. */
  readonly #directory: FileHandle;
  readonly #server: Server;
  /** Connections of claimants that wait to learn whether this one owns the directory. */
  readonly #asking = new Set<Socket>();
  #number = 0;
  #mine = false;

  private constructor(folder: string, directory: FileHandle) {
    this.#folder = folder;
    this.#directory = directory;
    this.#server = createServer((socket) => this.#asked(socket));
    this.#server.unref();
  }

  /** @throws `UNAVAILABLE` naming the directory and its owner. */
  static async take(folder: string, signal: AbortSignal): Promise<Claim> {
    const directory = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
    const claim = new Claim(folder, directory);
    try {
      await claim.#listen();
      await claim.#look(signal);
      return claim;
    } catch (error) {
      await claim.release();
      throw error;
    }
  }

  async release(): Promise<void> {
    for (const socket of this.#asking) socket.destroy();
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve));
    await this.#directory.close();
  }

  async #listen(): Promise<void> {
    this.#number = Math.max(0, ...(await this.#numbers()));
    do this.#number++;
    while (!(await this.#bind(this.#number)));
  }

  /** Listens under a number; returns whether it was free. */
  #bind(number: number): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const failed = (error: NodeJS.ErrnoException): void => {
        if (error.code === 'EADDRINUSE') resolve(false);
        else reject(error);
      };
      this.#server.once('error', failed);
      this.#server.listen({ path: this.#socket(number), exclusive: true }, () => {
        this.#server.off('error', failed);
        resolve(true);
      });
    });
  }

  async #look(signal: AbortSignal): Promise<void> {
    const others = (await this.#numbers()).filter((number) => number !== this.#number);
    for (const number of others) {
      if (await this.#isTaken(number, signal)) throw await this.#taken(number);
    }
    const owner = { number: this.#number, pid: process.pid, host: hostname() };
    // Only for the error message of other claimants: a full disk must not prevent this claim.
    await writeFile(join(this.#folder, OWNER), `${JSON.stringify(owner)}\n`, { mode: 0o600 }).catch(
      (error: unknown) => {
        if (failure('', error).code !== 'EXHAUSTED') throw error;
      },
    );
    this.#mine = true;
    for (const socket of this.#asking) socket.end(MINE);
    // These have no listener left; a larger one may belong to a process that is about to listen.
    const dead = others.filter((number) => number < this.#number);
    for (const number of dead) await rm(this.#socket(number), { force: true });
  }

  /** Whether the claim with this number comes before this one. */
  #isTaken(number: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(aborted(signal));
      const socket = connect(this.#socket(number));
      const end = (settle: () => void): void => {
        signal.removeEventListener('abort', abort);
        settle();
        socket.destroy();
      };
      const abort = (): void => end(() => reject(aborted(signal)));
      signal.addEventListener('abort', abort, { once: true });
      socket.on('connect', () => {
        if (number < this.#number) end(() => resolve(true));
      });
      socket.on('data', () => end(() => resolve(true)));
      socket.on('close', () => end(() => resolve(false)));
      socket.on('error', (error: NodeJS.ErrnoException) => {
        end(() => (DEAD.includes(error.code) ? resolve(false) : reject(error)));
      });
    });
  }

  async #taken(number: number): Promise<GantryError> {
    const text = await readFile(join(this.#folder, OWNER), 'utf8').catch(() => '');
    const owner = ownerOf(text);
    const known = owner?.number === number ? owner : undefined;
    const who = known === undefined ? 'another process' : `process ${known.pid} on host "${known.host}"`;
    return new GantryError(
      'UNAVAILABLE',
      `store-lmdb: the folder "${this.#folder}" is in use by ${who}; it can have one owner only`,
      { details: { path: this.#folder, ...(known !== undefined && { pid: known.pid, host: known.host }) } },
    );
  }

  #asked(socket: Socket): void {
    socket.on('error', () => undefined); // the other claimant has gone
    if (this.#mine) {
      socket.end(MINE);
      return;
    }
    this.#asking.add(socket);
    socket.on('close', () => this.#asking.delete(socket));
  }

  async #numbers(): Promise<number[]> {
    const names = await readdir(this.#folder);
    return names.flatMap((name) => {
      const number = SOCKET.exec(name)?.[1];
      return number === undefined ? [] : [Number(number)];
    });
  }

  #socket(number: number): string {
    return `/proc/self/fd/${this.#directory.fd}/owner-${number}.sock`;
  }
}

function ownerOf(text: string): { number: number; pid: number; host: string } | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
