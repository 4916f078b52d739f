import { type Bus, type Clock, isGantryError, type Logger, type Random, toGantryError } from '@gantry/core';
import { type DispatchSubjects, messages } from '@gantry/core/protocol';
import type { Rests } from './rests.ts';

/** The runtime is compared with the tasks this often, ms. */
const RESYNC_MS = 30_000;

export interface HeartbeatParts {
  readonly node: string;
  readonly session: string;
  readonly bus: Bus;
  readonly dispatch: DispatchSubjects;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly rests: Rests;
  readonly intervalMs: () => number;
  /** The control plane has assignments of this revision. */
  readonly onRevision: (revision: number) => void;
  /** The control plane does not know this session. */
  readonly onLost: () => void;
  readonly resync: () => Promise<void>;
}

/** Tells the control plane that the node is there, and learns whether there is something new for it. */
export class Heartbeat {
  readonly #parts: HeartbeatParts;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
  }

  /** Runs until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, logger, node, onLost, rests, intervalMs, resync } = this.#parts;
    let resyncAt = clock.elapsed() + RESYNC_MS;
    let sentAt = clock.elapsed();
    while (!signal.aborted) {
      try {
        // From one to the next, not from an answer: one that is lost must not cost the time of two.
        const everyMs = intervalMs() * (0.9 + 0.2 * random.next());
        await rests.rest(Math.max(0, sentAt + everyMs - clock.elapsed()), signal);
        if (signal.aborted) return;
        sentAt = clock.elapsed();
        await this.#send(signal);
        if (clock.elapsed() < resyncAt) continue;
        resyncAt = clock.elapsed() + RESYNC_MS;
        await resync();
      } catch (error) {
        if (signal.aborted) return;
        if (isGantryError(error, 'CONFLICT')) onLost();
        else logger.debug('no answer to a heartbeat', { node, error: toGantryError(error) });
      }
    }
  }

  async #send(outer: AbortSignal): Promise<void> {
    const { bus, dispatch, rests, session, intervalMs, onRevision } = this.#parts;
    const options = { timeoutMs: intervalMs(), signal: rests.during(outer) };
    const reply = await bus.request(dispatch.heartbeat, { session }, options);
    onRevision(messages.heartbeatReply(reply).revision);
  }
}
