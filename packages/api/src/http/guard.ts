import { GantryError } from '@gantry/core';
import type { Grant } from '@gantry/core/model';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { allows, requirementOf } from '../auth/access.ts';
import { bearerOf } from '../auth/bearer.ts';
import { forbidden } from '../auth/forbidden.ts';
import type { RateLimiter } from '../auth/rate-limiter.ts';
import type { TokenBook } from '../auth/token-book.ts';
import { type Exchanges, pathParameters, routeOf } from './exchange.ts';
import { MERGE_PATCH_TYPE } from './json-parser.ts';
import { HttpRefusal } from './problem.ts';

interface Parts {
  readonly tokens: TokenBook;
  readonly limiter: RateLimiter;
  readonly exchanges: Exchanges;
  readonly uid: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,252}$/;
const NAMESPACE = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Returns the hook that checks a request before any of its body is read: authentication, rate limit, authorization, and
 * form.
 */
export function guard({ tokens, limiter, exchanges, uid }: Parts) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    const found = routeOf(request);
    const { method } = request;
    const { namespace, ...names } = pathParameters(request);
    const required = found === undefined ? 'token' : requirementOf(found, namespace);
    if (required !== 'open') {
      const who = tokens.authenticate(bearerOf(request.headers));
      exchanges.of(request).who = who;
      const waitMs = limiter.take(who.id);
      if (waitMs > 0) {
        reply.header('retry-after', Math.ceil(waitMs / 1000));
        throw new GantryError(
          'EXHAUSTED',
          `rate limit exceeded for token "${who.name}": retry in ${waitMs} ms`,
          {
            details: { retryAfterMs: waitMs },
          },
        );
      }
      if (!allows(who.grants, required)) throw forbidden(who, `${method} ${found?.path}`, required as Grant);
      reply.header('gantry-cluster-uid', uid);
    }
    // A slash hidden in a name would lead to another namespace than the one that was authorized.
    for (const [parameter, value = ''] of found === undefined ? [] : Object.entries(names)) {
      if (NAME.test(value)) continue;
      throw notFound(parameter === 'name' ? (found?.kind?.kind ?? found?.action) : parameter, value);
    }
    if (namespace !== undefined && !NAMESPACE.test(namespace)) throw notFound('namespace', namespace);
    refuseEncodings(request, method);
  };
}

function notFound(what: string | undefined, name: string): GantryError {
  return new GantryError('NOT_FOUND', `${what ?? 'object'} ${JSON.stringify(name)} not found`);
}

function refuseEncodings({ headers }: FastifyRequest, method: string): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new HttpRefusal(415, 'UNSUPPORTED', `a body encoded as ${JSON.stringify(encoding)} is not read`);
  }
  if (method !== 'PATCH' && headers['content-type']?.startsWith(MERGE_PATCH_TYPE) === true) {
    throw new HttpRefusal(415, 'UNSUPPORTED', `${MERGE_PATCH_TYPE} is for PATCH only`);
  }
}
