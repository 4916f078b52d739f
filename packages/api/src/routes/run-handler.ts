import { ERROR_CODES, GantryError, isGantryError, unlessAborted } from '@gantry/core';
import type { ApiRoute, RouteCall, RouteResult } from '@gantry/core/api';
import { allows } from '../auth/access.ts';
import { specAccess } from '../auth/spec-access.ts';
import type { Call, Route } from '../http/route.ts';
import type { RouteParts } from './parts.ts';

const MEDIA_TYPE = /^[\w.+-]+\/[\w.+-]+(; ?[\w-]+=[\w.-]+)*$/;

type Placed = Pick<Route, 'method' | 'path' | 'plugin' | 'answers'>;

/**
 * Runs the handler of a plugin's route, for a limited time.
 *
 * @returns the response, encoded.
 * @throws what the handler throws, if it is an error of Gantry; `TIMEOUT`; else `INTERNAL`.
 */
export async function runHandler(
  { handle }: Pick<ApiRoute, 'handle'>,
  route: Placed,
  call: Call,
  parts: Pick<RouteParts, 'api' | 'clock' | 'kinds' | 'logger' | 'settings'>,
): Promise<RouteResult> {
  const { reply, ...request } = call;
  const { handlerTimeoutMs } = parts.settings.limits;
  const { plugin, method, path } = route;
  const what = `${plugin}: ${method} ${path}`;
  const stop = new AbortController();
  const onClose = (): void => stop.abort(new GantryError('ABORTED', 'the client has disconnected'));
  const cancel = parts.clock.after(handlerTimeoutMs, () => {
    parts.logger.warn('the handler of a route timed out', { plugin, route: path, request: call.request });
    stop.abort(
      new GantryError('TIMEOUT', `${what}: no answer in ${handlerTimeoutMs} ms`, { details: { plugin } }),
    );
  });
  reply.raw.once('close', onClose);
  const full: RouteCall = {
    ...request,
    signal: stop.signal,
    api: parts.api,
    allows: (grant) => allows(call.who.grants, grant),
    show: (object) => {
      const definition = parts.kinds.find(({ kind }) => kind === object.kind);
      return definition === undefined ? object : specAccess(definition, call.who.grants).show(object);
    },
  };
  try {
    return encoded(await unlessAborted((async () => handle(full))(), stop.signal), route);
  } catch (error) {
    if (stop.signal.aborted) throw stop.signal.reason;
    throw isAnswer(error) ? error : new GantryError('INTERNAL', `${what} failed`, { cause: error });
  } finally {
    cancel();
    reply.raw.off('close', onClose);
  }
}

/** Whether what was thrown can be sent to the caller. */
function isAnswer(error: unknown): error is GantryError {
  if (!isGantryError(error) || !Object.hasOwn(ERROR_CODES, error.code)) return false;
  try {
    JSON.stringify([error.details, error.issues]);
    return true;
  } catch {
    return false;
  }
}

/** @throws an error for a result that the route does not declare, or that cannot be encoded. */
function encoded({ status, body, type }: RouteResult, { answers }: Placed): RouteResult {
  if (!Object.hasOwn(answers, status)) throw new TypeError(`the route declares no status ${status}`);
  const answer = answers[status];
  if (answer === undefined && body !== undefined) throw new TypeError(`an answer ${status} has no body`);
  const given = type ?? answer?.type;
  if (given !== undefined && !MEDIA_TYPE.test(given)) throw new TypeError('expected a media type');
  return {
    status,
    ...(given === undefined ? {} : { type: given }),
    ...(body === undefined
      ? {}
      : { body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
  };
}
