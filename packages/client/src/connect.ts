import { GantryError } from '@gantry/core';
import { checkOptions } from './check-options.ts';
import type { ConnectOptions } from './connect-options.ts';
import { Endpoints } from './http/endpoints.ts';
import { wasNotSent } from './http/transport.ts';
import { platformClock, platformRandom } from './platform.ts';
import { RemoteCluster } from './remote-cluster.ts';
import type { OpenChannel } from './socket/channel.ts';
import { platformChannels } from './socket/platform-channel.ts';

export const TIMEOUT_MS = 30_000;
export const RETRIES = 3;
export const SILENCE_MS = 35_000;

/**
 * Returns the API of the cluster behind a URL, over the platform's `fetch`, and for `exec` and `dial` its WebSocket.
 * Nothing is sent before the first call.
 *
 * @throws `INVALID_OPTIONS` with the path of each problem: an unknown option, a URL that is not one of HTTP, a value
 * that cannot be a token, a timeout that is not above 0 …
 */
export function connect(options: ConnectOptions): RemoteCluster {
  checkOptions(options, false);
  const { url, token, timeoutMs = TIMEOUT_MS, retries = RETRIES, silenceMs = SILENCE_MS } = options;
  const { clock = platformClock(), random = platformRandom() } = options;
  const endpoints = new Endpoints(urlsOf(url).map(baseOf));
  checkToken(token);
  return new RemoteCluster({
    endpoints,
    token,
    timeoutMs,
    retries,
    silenceMs,
    clock,
    random,
    fetch: (url, request) => globalThis.fetch(url, request),
    open: openAny(endpoints, (base) => platformChannels(base, clock)),
    close: async () => undefined,
  });
}

/** @throws `INVALID_OPTIONS` if there is none. */
export function urlsOf(url: ConnectOptions['url']): readonly string[] {
  const urls = typeof url === 'string' ? [url] : url;
  if (urls.length > 0) return urls;
  const message = 'expected at least one';
  throw new GantryError('INVALID_OPTIONS', `connect: url: ${message}`, {
    issues: [{ path: 'url', message }],
  });
}

/** Opens channels to the server in use, or to the next one if it cannot be reached. */
export function openAny(endpoints: Endpoints, openerOf: (base: string) => OpenChannel): OpenChannel {
  return async (request) => {
    for (let moved = 1; ; moved++) {
      const used = endpoints.current;
      try {
        return await openerOf(used)(request);
      } catch (error) {
        if (!wasNotSent(error)) throw error;
        endpoints.leave(used);
        if (moved >= endpoints.count) throw error;
      }
    }
  };
}

/** The token is never repeated: a secret with a stray character is still a secret. */
export function checkToken(token: string | undefined): void {
  if (token === undefined || /^[\x21-\x7e]+$/.test(token)) return;
  const message = 'expected printable characters without a space or line end';
  throw new GantryError('INVALID_OPTIONS', `connect: token: ${message}`, {
    issues: [{ path: 'token', message }],
  });
}

/** A URL without the parts that the client adds to it. */
export function baseOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'http:' || parsed?.protocol === 'https:') {
    return `${parsed.origin}${parsed.pathname.replace(/\/+$/, '')}`;
  }
  throw new GantryError(
    'INVALID_OPTIONS',
    `connect: url: expected http:// or https://, got ${JSON.stringify(url)}`,
    {
      issues: [{ path: 'url', message: 'expected http:// or https://' }],
    },
  );
}
