import { type Bus, type Clock, GantryError } from '@gantry/core';
import type { BusMessage, SubscribeOptions } from '@gantry/core/contracts';

export type LinkState = 'up' | 'cut' | 'loses-replies';

/** One machine's connection to the bus: it can be cut, or lose replies. */
export class Link implements Bus {
  state: LinkState = 'up';
  readonly #bus: Bus;
  readonly #clock: Clock;

  constructor(bus: Bus, clock: Clock) {
    this.#bus = bus;
    this.#clock = clock;
  }

  get connected(): boolean {
    return this.state === 'up' && this.#bus.connected;
  }

  publish(subject: string, payload: unknown): void {
    if (this.state === 'up') this.#bus.publish(subject, payload);
  }

  subscribe(pattern: string, handler: (message: BusMessage) => void, options?: SubscribeOptions): () => void {
    const heard = (message: BusMessage): void => {
      if (this.state === 'up') handler(message);
    };
    return this.#bus.subscribe(pattern, heard, options);
  }

  async request(
    subject: string,
    payload: unknown,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<unknown> {
    if (this.state === 'cut') return this.#nothing(subject, options);
    const reply = await this.#bus.request(subject, payload, options);
    return this.state === 'up' ? reply : this.#nothing(subject, options);
  }

  respond(
    pattern: string,
    handler: (message: BusMessage) => Promise<unknown>,
    options?: SubscribeOptions,
  ): () => void {
    return this.#bus.respond(pattern, handler, options);
  }

  async #nothing(subject: string, options: { timeoutMs: number; signal?: AbortSignal }): Promise<never> {
    await this.#clock.sleep(options.timeoutMs, options.signal);
    throw new GantryError('TIMEOUT', `no answer on ${subject}`);
  }
}
