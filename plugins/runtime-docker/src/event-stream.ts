import type { Readable } from 'node:stream';
import { type Clock, type Logger, toGantryError } from '@gantry/core';
import { closeQuietly, type Engine } from './engine.ts';

export interface EngineEvent {
  readonly id: string;
  readonly action: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** ms since the epoch. */
  readonly time: number;
}

interface Raw {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes?: Record<string, string> };
  readonly timeNano: number;
}

export interface EventStreamSetup {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly labels: readonly string[];
  readonly onEvent: (event: EngineEvent) => void;
  /** Called when events may have been missed; must compare with the list. */
  readonly onGap: () => Promise<void>;
  readonly resyncMs: number;
}

const ACTIONS = ['start', 'die', 'oom', 'destroy', 'pause', 'unpause', 'health_status'];
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 5000;

/** The engine's events about containers of this node: resumed after an interruption, without duplicates. */
export class EventStream {
  readonly #setup: EventStreamSetup;
  readonly #closing: AbortSignal;
  /** Time of the last event, in ns as text (it exceeds the range of a number), and the events of exactly that time. */
  #since: string | undefined;
  #told = new Set<string>();

  constructor(setup: EventStreamSetup, closing: AbortSignal) {
    this.#setup = setup;
    this.#closing = closing;
  }

  /** Follows until closed. */
  async run(): Promise<void> {
    const { clock, logger, onGap } = this.#setup;
    let wait = FIRST_RETRY_MS;
    while (!this.#closing.aborted) {
      try {
        const stream = await this.#open();
        wait = FIRST_RETRY_MS;
        const reading = this.#read(stream);
        reading.catch(() => undefined); // it may break while the list is read
        // The stream is open before the list is read, so nothing is missed in between.
        await onGap();
        await reading;
      } catch (error) {
        if (this.#closing.aborted) return;
        logger.debug('docker event stream interrupted', { error: toGantryError(error) });
      }
      await clock.sleep(wait, this.#closing).catch(() => undefined);
      wait = Math.min(MAX_RETRY_MS, wait * 2);
    }
  }

  async #open(): Promise<Readable> {
    const filters = JSON.stringify({ type: ['container'], event: ACTIONS, label: this.#setup.labels });
    const since = this.#since === undefined ? {} : { since: seconds(this.#since) };
    return await this.#setup.engine.open('/events', { filters, ...since }, this.#closing);
  }

  async #read(stream: Readable): Promise<void> {
    const { clock, onGap, resyncMs } = this.#setup;
    let again = (): void => {};
    const resync = (): void => {
      void onGap().catch(() => undefined);
      again = clock.after(resyncMs, resync);
    };
    again = clock.after(resyncMs, resync);
    let rest = '';
    stream.setEncoding('utf8');
    try {
      for await (const chunk of stream) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line.trim() !== '') this.#take(line);
      }
    } finally {
      again();
      closeQuietly(stream);
    }
  }

  #take(line: string): void {
    const { Action: action, Actor: actor, timeNano } = JSON.parse(line) as Raw;
    const nano = /"timeNano":(\d+)/.exec(line)?.[1] ?? String(timeNano);
    const key = `${actor.ID} ${action}`;
    if (nano !== this.#since) this.#told.clear();
    else if (this.#told.has(key)) return;
    this.#since = nano;
    this.#told.add(key);
    this.#setup.onEvent({
      id: actor.ID,
      action,
      attributes: actor.Attributes ?? {},
      time: Math.floor(Number(nano.slice(0, -6))),
    });
  }
}

/** `1700000000123456789` → `1700000000.123456789`, the engine's format. */
function seconds(nano: string): string {
  return `${nano.slice(0, -9)}.${nano.slice(-9)}`;
}
