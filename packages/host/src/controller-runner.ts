import {
  type Clock,
  type Component,
  type Controller,
  contracts,
  definePlugin,
  isGantryError,
  type Logger,
  type Random,
  toGantryError,
  type Views,
} from '@gantry/core';
import type { ViewEvent } from '@gantry/core/contracts';
import { idOf } from '@gantry/core/model';
import { KeyedQueue } from './keyed-queue.ts';

const CONCURRENCY = 8;

/** Runs every controller: adds the keys of events to its queue, and first of all the keys of all existing objects. */
export class ControllerRunner implements Component {
  readonly name = 'controllers';
  readonly #controllers: readonly Controller[];
  readonly #views: Views;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  #queues: KeyedQueue[] = [];
  #unsubscribe: (() => void)[] = [];

  constructor(
    controllers: readonly Controller[],
    views: Views,
    clock: Clock,
    random: Random,
    logger: Logger,
  ) {
    this.#controllers = controllers;
    this.#views = views;
    this.#clock = clock;
    this.#random = random;
    this.#logger = logger;
  }

  async start(): Promise<void> {
    for (const controller of this.#controllers) this.#run(controller);
  }

  /** Stops the queue; resolves once the current runs have settled. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#unsubscribe = [];
    await Promise.all(this.#queues.map((queue) => queue.close()));
  }

  #run(controller: Controller): void {
    const logger = this.#logger.child({ controller: controller.name });
    const queue = new KeyedQueue({
      clock: this.#clock,
      random: this.#random,
      concurrency: CONCURRENCY,
      run: (key, signal) => controller.reconcile(key, signal),
      onError: (key, error, retryInMs) => {
        const known = toGantryError(error, controller.name);
        const level = isGantryError(known, 'CONFLICT') ? 'debug' : 'warn';
        logger[level]('reconcile failed', { key, retryInMs, error: known });
      },
    });
    this.#queues.push(queue);
    const enqueue = (event: ViewEvent): void => {
      try {
        for (const key of controller.keysFor(event)) queue.add(key);
      } catch (error) {
        logger.error('keysFor threw', { name: event.name, error: toGantryError(error) });
      }
    };
    for (const kind of controller.watches) {
      const view = this.#views.of(kind);
      for (const entry of view.all()) {
        enqueue({ kind, name: idOf(entry.value.meta), before: undefined, after: entry });
      }
      const unsubscribe = view.subscribe((events) => {
        for (const event of events) enqueue(event);
      });
      this.#unsubscribe.push(unsubscribe);
    }
  }
}

/** Plugin: runs all controllers of the cluster. */
export const controllerRunner = definePlugin({
  name: 'component-controllers',
  provides: contracts.leaderComponent,
  needs: {
    controllers: contracts.controller,
    views: contracts.views,
    clock: contracts.clock,
    random: contracts.random,
    logger: contracts.logger,
  },
  create: (_options, { controllers, views, clock, random, logger }) =>
    new ControllerRunner(controllers, views, clock, random, logger),
});
