import { isGantryError, type Logger, type Network, toGantryError } from '@gantry/core';

/** Removes networks that the cluster no longer has, one pass at a time, without holding up its caller. */
export class NetworkCleanup {
  readonly #network: Network;
  readonly #logger: Logger;
  #known: ReadonlySet<string> = new Set();
  #pass: Promise<void> | undefined;

  constructor(network: Network, logger: Logger) {
    this.#network = network;
    this.#logger = logger;
  }

  /** Begins a pass, or another one after the current one. @param known names of the networks that the cluster has */
  keep(known: ReadonlySet<string>): void {
    this.#known = known;
    this.#pass ??= this.#run().finally(() => {
      this.#pass = undefined;
    });
  }

  /** Resolves when the current pass has ended. */
  async idle(): Promise<void> {
    await this.#pass;
  }

  async #run(): Promise<void> {
    for (let known: ReadonlySet<string> | undefined; known !== this.#known; ) {
      known = this.#known;
      try {
        for (const { name } of await this.#network.list())
          if (!this.#known.has(name)) await this.#remove(name);
      } catch (error) {
        this.#logger.warn('failed to list networks', { error: toGantryError(error) });
      }
    }
  }

  async #remove(name: string): Promise<void> {
    await this.#network.remove(name).catch((error: unknown) => {
      if (!isGantryError(error, 'CONFLICT', 'UNSUPPORTED'))
        this.#logger.warn('failed to remove a network', { network: name, error: toGantryError(error) });
    });
  }
}
