import type { Caller } from '@gantry/core/api';
import type { FastifyRequest } from 'fastify';
import type { Route } from './route.ts';

/** State of a request between its first and its last hook. */
export interface Exchange {
  who?: Caller;
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

export interface PathParameters extends Readonly<Record<string, string | undefined>> {
  readonly namespace?: string;
  readonly name?: string;
}

export function pathParameters(request: FastifyRequest): PathParameters {
  return (request.params ?? {}) as PathParameters;
}
