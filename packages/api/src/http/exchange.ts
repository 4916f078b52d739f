import type { FastifyRequest } from 'fastify';
import type { Identity } from '../auth/token-book.ts';
import type { Route } from './route.ts';

/** State of a request between its first and its last hook. */
export interface Exchange {
  who?: Identity;
  /** Error code of the response. */
  code?: string;
  notes: Record<string, unknown>;
}

/** The exchanges in progress, by request. */
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

/** The route that a request has matched, if any. */
export function routeOf(request: FastifyRequest): Route | undefined {
  return (request.routeOptions.config as { readonly gantry?: Route }).gantry;
}

export function pathParameters(request: FastifyRequest): { namespace?: string; name?: string } {
  return (request.params ?? {}) as { namespace?: string; name?: string };
}
