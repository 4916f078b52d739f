import { aborted, type Clock, GantryError, isGantryError, type Random, throwIfAborted } from '@gantry/core';
import { Backoff } from '@gantry/core/primitives';
import type { Endpoints } from './endpoints.ts';
import type { Fetch, HttpBody, HttpResponse } from './fetch.ts';
import { jsonLines } from './lines.ts';
import { errorOf } from './problem.ts';

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

export interface HttpCall {
  readonly method: 'GET' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  readonly body?: unknown;
  readonly type?: string;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpAnswer {
  readonly body: unknown;
  /** Uid of the cluster that answered. */
  readonly uid: string | undefined;
}

export interface HttpStream {
  readonly uid: string | undefined;
  readonly lines: AsyncIterable<readonly unknown[]>;
}

export interface TransportParts {
  readonly endpoints: Endpoints;
  readonly token: string | undefined;
  readonly timeoutMs: number;
  readonly retries: number;
  readonly silenceMs: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: Fetch;
  /** Fires when the client is closed. */
  readonly closed: AbortSignal;
}

/** Error codes that prove that nothing of the request has reached the server. */
const UNSENT: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Error codes of Node for an untrusted certificate. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/;

/** Sends requests with deadlines, translates their errors into Gantry's, and repeats them where that is safe. */
export class Transport {
  readonly parts: TransportParts;

  constructor(parts: TransportParts) {
    this.parts = parts;
  }

  async call(call: HttpCall): Promise<HttpAnswer> {
    const { clock, timeoutMs } = this.parts;
    const late = new AbortController();
    const cancel = clock.after(timeoutMs, () => {
      late.abort(new GantryError('TIMEOUT', `${call.method} ${call.path}: no answer in ${timeoutMs} ms`));
    });
    try {
      return await this.#retrying(call, this.#signal(call.signal, late.signal), async (signal) => {
        const response = await this.#fetch(call, signal);
        return { body: await bodyOf(response, signal), uid: uidOf(response) };
      });
    } finally {
      cancel();
    }
  }

  /** Opens a stream of lines; its head has the timeout of a call, its body has none. */
  async stream(call: HttpCall, retries = this.parts.retries): Promise<HttpStream> {
    const { clock, timeoutMs, silenceMs } = this.parts;
    const lost = new AbortController();
    const timer = (ms: number, why: string): (() => void) =>
      clock.after(ms, () => lost.abort(new GantryError('UNAVAILABLE', `${call.path}: ${why}`)));
    let cancel = timer(timeoutMs, `no answer in ${timeoutMs} ms`);
    const signal = this.#signal(call.signal, lost.signal);
    const response = await this.#retrying(call, signal, () => this.#fetch(call, signal), retries).finally(
      cancel,
    );
    if (response.body === null) throw new GantryError('INTERNAL', `${call.path}: an answer without a body`);
    const { body } = response as { readonly body: HttpBody };
    const listen = (): void => {
      cancel();
      cancel = timer(silenceMs, `no data for ${silenceMs} ms`);
    };
    async function* lines(): AsyncIterable<readonly unknown[]> {
      try {
        listen();
        for await (const batch of jsonLines(body)) {
          cancel(); // time that the reader takes does not count
          if (batch.length > 0) yield batch;
          listen();
        }
      } catch (error) {
        throw translate(error, signal);
      } finally {
        cancel();
      }
    }
    return { uid: uidOf(response), lines: lines() };
  }

  async #retrying<T>(
    call: HttpCall,
    signal: AbortSignal,
    attempt: (signal: AbortSignal) => Promise<T>,
    retries = this.parts.retries,
  ): Promise<T> {
    const { clock, random } = this.parts;
    const { endpoints } = this.parts;
    const waits = new Backoff(random);
    const turns = new Backoff(random);
    for (let failures = 0, moved = 0; ; ) {
      throwIfAborted(signal);
      const used = endpoints.current;
      try {
        return await attempt(signal);
      } catch (error) {
        if (isGantryError(error, 'UNAVAILABLE', 'CLOSED')) endpoints.leave(used);
        // Nothing has reached that server: another one is tried immediately.
        if (wasNotSent(error) && ++moved < endpoints.count) continue;
        const rateMs = rateLimitMs(error);
        if (rateMs === undefined && (failures++ >= retries || !mayRetry(call, error))) throw error;
        const wait = (rateMs === undefined ? waits : turns).next();
        await clock.sleep(Math.max(rateMs ?? 0, wait), signal);
      }
    }
  }

  async #fetch({ method, path, query, body, type }: HttpCall, signal: AbortSignal): Promise<HttpResponse> {
    const { endpoints, token, fetch } = this.parts;
    let response: HttpResponse;
    try {
      response = await fetch(`${endpoints.current}${path}${queryText(query)}`, {
        method,
        redirect: 'error',
        signal,
        headers: {
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...(body === undefined ? {} : { 'content-type': type ?? 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw translate(error, signal);
    }
    if (response.ok) return response;
    const error = errorOf(await bodyOf(response, signal).catch(() => undefined), response.status);
    throw response.status === 429 ? withRetryAfter(error, response.headers.get('retry-after')) : error;
  }

  #signal(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
    return AbortSignal.any([this.parts.closed, ...signals.filter((each) => each !== undefined)]);
  }
}

/** `?a=1&b=x&b=y`; undefined values are omitted. */
export function queryText(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const each of Array.isArray(value) ? (value as readonly string[]) : [String(value)]) {
      parameters.append(name, each);
    }
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

/** The error of a rate limit, with the delay from a proxy's header if the error itself has none. */
function withRetryAfter(error: GantryError, header: string | null): GantryError {
  const seconds = Number(header ?? Number.NaN);
  if (error.details.retryAfterMs !== undefined || !(seconds >= 0)) return error;
  const { message, issues } = error;
  const details = { ...error.details, retryAfterMs: seconds * 1000 };
  return new GantryError('EXHAUSTED', message, { cause: error, issues, details });
}

/** The delay requested by a rate limit, ms. Nothing of the request was done: it may be repeated until its deadline. */
function rateLimitMs(error: unknown): number | undefined {
  if (!isGantryError(error, 'EXHAUSTED')) return undefined;
  const { retryAfterMs } = error.details;
  return typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs) ? retryAfterMs : undefined;
}

/** Whether nothing of the request has reached a server. */
export function wasNotSent(error: unknown): boolean {
  return isGantryError(error, 'UNAVAILABLE') && error.details.sent === false;
}

/** Reads may be repeated; writes only if they certainly have not reached the server. */
function mayRetry({ method }: HttpCall, error: unknown): error is GantryError {
  if (!isGantryError(error, 'UNAVAILABLE', 'EXHAUSTED', 'CLOSED')) return false;
  if (wasNotSent(error)) return true;
  return method === 'GET' && error.code !== 'EXHAUSTED';
}

async function bodyOf(response: HttpResponse, signal: AbortSignal): Promise<unknown> {
  let text: string;
  try {
    text = await response.text();
  } catch (error) {
    throw translate(error, signal);
  }
  if (text === '') return undefined;
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new GantryError('INTERNAL', 'the response of the server is not valid JSON', { cause: error });
  }
}

function uidOf(response: HttpResponse): string | undefined {
  return response.headers.get('gantry-cluster-uid') ?? undefined;
}

/** Translates an error of the platform's network functions. */
export function translate(error: unknown, signal: AbortSignal): GantryError {
  if (signal.aborted) return aborted(signal);
  if (isGantryError(error)) return error;
  const code = codeOf(error);
  // The platform's message is omitted: it may repeat parts of the request.
  const why = UNTRUSTED.test(code ?? '')
    ? `its certificate is not trusted (${code}): name it as \`ca\``
    : (code ?? (error instanceof Error ? error.name : 'unknown'));
  return new GantryError('UNAVAILABLE', `the server cannot be reached: ${why}`, {
    cause: error,
    ...(code !== undefined && UNSENT.has(code) ? { details: { sent: false } } : {}),
  });
}

/** Returns the code of the error or of its cause. */
function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, cause, errors } = error as { code?: unknown; cause?: unknown; errors?: readonly unknown[] };
  if (typeof code === 'string') return code;
  return codeOf(cause) ?? codeOf(errors?.[0]);
}
