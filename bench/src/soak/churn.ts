import { setTimeout as sleep } from 'node:timers/promises';
import { isGantryError, type Random } from '@gantry/core';
import { SeededRandom } from '@gantry/testing';
import type { PartProcess } from '../../../tests/ha/support/part-process.ts';
import { below, drawOperation, oneOf } from './operations.ts';
import { type Restarts, within } from './restarts.ts';
import type { World } from './world.ts';

const LANES = 4;
const MAX_PAUSE_MS = 400;
/** Maximum duration of an operation, whichever part is unavailable: the client gives up after 30 s. */
const OPERATION_MS = 75_000;
/** Errors that concurrent operations may cause at any time. */
const ALWAYS = ['NOT_FOUND', 'CONFLICT', 'ALREADY_EXISTS', 'COMPACTED'] as const;
/** Further errors that may occur while a part is unavailable. */
const AWAY = ['UNAVAILABLE', 'TIMEOUT', 'CLOSED'] as const;

/** The operations done, and their results. */
export interface Tally {
  operations: number;
  /** Number of each operation. */
  readonly done: Record<string, number>;
  /** Expected errors, by their code. */
  readonly borne: Record<string, number>;
  /** Unexpected errors. */
  readonly failures: string[];
}

/** Duration and pace of a stretch of churn. */
export interface Stretch {
  readonly ms: number;
  /** Time from the beginning of one restart to that of the next. */
  readonly restartEveryMs: number;
  /** Time from its beginning during which watches are opened through the steady server as well. */
  readonly watchMs: number;
}

/** Runs random operations through all servers until the time is over, while restarting one part after the other. */
export class Churn {
  readonly #world: World;
  readonly #restarts: Restarts;
  readonly #tally: Tally;
  readonly #port: number;
  readonly #lanes: readonly Random[];

  constructor(world: World, restarts: Restarts, tally: Tally, port: number, seed: number) {
    this.#world = world;
    this.#restarts = restarts;
    this.#tally = tally;
    this.#port = port;
    this.#lanes = Array.from({ length: LANES }, (_, lane) => new SeededRandom(seed * LANES + lane));
  }

  async run({ ms, restartEveryMs, watchMs }: Stretch, signal: AbortSignal): Promise<readonly string[]> {
    const until = performance.now() + ms;
    const watchUntil = performance.now() + watchMs;
    const goesOn = (): boolean => performance.now() < until && !signal.aborted;
    const restarted: string[] = [];
    const restarting = async (): Promise<void> => {
      while (goesOn()) {
        const begun = performance.now();
        await this.#noting('restart of a part', async () => {
          restarted.push(await this.#restarts.next());
        });
        const left = Math.min(begun + restartEveryMs, until) - performance.now();
        if (left > 0) await sleep(left, undefined, { signal });
      }
    };
    const lane = async (random: Random): Promise<void> => {
      while (goesOn()) {
        await this.#once(random, performance.now() < watchUntil);
        await sleep(below(random, MAX_PAUSE_MS), undefined, { signal });
      }
    };
    const stopped = (error: unknown): void => {
      if (!signal.aborted) throw error;
    };
    await Promise.all([restarting().catch(stopped), ...this.#lanes.map((each) => lane(each).catch(stopped))]);
    return restarted;
  }

  async #once(random: Random, mayWatch: boolean): Promise<void> {
    const { ha } = this.#world;
    const operation = drawOperation(random);
    const server = oneOf(random, ha.servers);
    if (server.url === '') return;
    if (operation.name === 'watch' && server === this.#restarts.steady.server && !mayWatch) return;
    const hands = {
      api: ha.api(server),
      random,
      port: this.#port,
      addresses: ha.agents.map(addressOf),
      nodes: ha.agents.map(({ name }) => name),
    };
    const { name } = operation;
    await this.#noting(name, () =>
      within(OPERATION_MS, operation.run(hands), `${name} through ${server.name}`),
    );
    this.#tally.operations++;
    this.#tally.done[name] = (this.#tally.done[name] ?? 0) + 1;
  }

  async #noting(name: string, work: () => Promise<void>): Promise<void> {
    const begun = performance.now();
    try {
      await work();
    } catch (error) {
      const expected =
        isGantryError(error, ...ALWAYS) ||
        (isGantryError(error, ...AWAY) && this.#restarts.disturbedSince(begun));
      if (!expected) {
        const at = `${Math.round((performance.now() - begun) / 100) / 10} s`;
        this.#tally.failures.push(`${name}, after ${at}: ${String(error)}`);
        return;
      }
      const code = (error as { code: string }).code;
      this.#tally.borne[code] = (this.#tally.borne[code] ?? 0) + 1;
    }
  }
}

function addressOf({ config }: PartProcess): string {
  return config.role === 'agent' ? config.address : '';
}
