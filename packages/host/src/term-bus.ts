import { type Bus, GantryError } from '@gantry/core';
import type { Term } from '@gantry/core/contracts';

/** The bus as leader-scoped components see it: once their term is over, they answer no requests and publish nothing. */
export function termBus(bus: Bus, term: Term): Bus {
  return {
    get connected() {
      return bus.connected;
    },
    publish: (subject, payload) => {
      if (term.holds()) bus.publish(subject, payload);
    },
    subscribe: (pattern, handler, options) => bus.subscribe(pattern, handler, options),
    request: (subject, payload, options) => bus.request(subject, payload, options),
    respond: (pattern, handler, options) =>
      bus.respond(
        pattern,
        async (message) => {
          if (term.holds()) return await handler(message);
          throw new GantryError('UNAVAILABLE', `term ${term.number} is over: another leads, or will`);
        },
        options,
      ),
  };
}
