import type { FastifyRequest } from 'fastify';
import type { Identity } from '../auth/token-book.ts';
import type { Route } from './route.ts';

/** What is known of a request between its first hook and its last. */
export interface Exchange {
  who?: Identity;
  /** Of the problem it was answered with. */
  code?: string;
  notes: Record<string, unknown>;
}

/** The exchanges that go on, by request. */
export class Exchanges {
  readonly #exchanges = new WeakMap<FastifyRequest, Exchange>();

  of(request: FastifyRequest): Exchange {
    let exchange = this.#exchanges.get(request);
    if (exchange === undefined) {
      exchange = { notes: {} };
      this.#exchanges.set(request, exchange);
    }
    return exchange;
  }
}

/** The route a request has reached; none where there is none. */
export function routeOf(request: FastifyRequest): Route | undefined {
  return (request.routeOptions.config as { readonly gantry?: Route }).gantry;
}

export function pathParameters(request: FastifyRequest): { namespace?: string; name?: string } {
  return (request.params ?? {}) as { namespace?: string; name?: string };
}
