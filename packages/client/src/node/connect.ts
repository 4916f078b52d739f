import { Agent, fetch } from 'undici';
import { baseOf, checkToken, RETRIES, SILENCE_MS, TIMEOUT_MS } from '../connect.ts';
import type { ConnectOptions } from '../connect-options.ts';
import { platformClock, platformRandom } from '../platform.ts';
import { RemoteCluster } from '../remote-cluster.ts';
import { wsChannels } from './ws-channel.ts';

export interface NodeConnectOptions extends ConnectOptions {
  /** `https://…`, `http://…`, or `unix:/run/gantry.sock`. */
  readonly url: string;
  /** PEM: whom to trust, in place of those the system trusts; for a server with a certificate of its own. */
  readonly ca?: string | undefined;
}

const UNIX = 'unix:';
/** Who is asked over a Unix socket has no name. */
const UNIX_HOST = 'http://gantry';

/**
 * As the `connect` of the main entry, with what Node can do beyond a browser: Unix sockets, a CA of one's own, and
 * back-pressure on what `exec` and `dial` receive.
 *
 * @throws `INVALID_OPTIONS` for what is no URL of HTTP and no Unix socket, and for what cannot be a token.
 */
export function connect(options: NodeConnectOptions): RemoteCluster {
  const { url, token, ca, timeoutMs = TIMEOUT_MS, retries = RETRIES, silenceMs = SILENCE_MS } = options;
  const { clock = platformClock(), random = platformRandom() } = options;
  checkToken(token);
  const socketPath = url.startsWith(UNIX) ? url.slice(UNIX.length).replace(/^\/\/(?=\/)/, '') : undefined;
  const base = socketPath === undefined ? baseOf(url) : UNIX_HOST;
  const dispatcher = new Agent({
    // Streams may be silent for as long as they like: what is lost is noticed otherwise.
    bodyTimeout: 0,
    headersTimeout: 0,
    connect: {
      ...(socketPath === undefined ? {} : { socketPath }),
      ...(ca === undefined ? {} : { ca }),
    },
  });
  const channels = socketPath === undefined ? base.replace(/^http/, 'ws') : `ws+unix:${socketPath}:`;
  return new RemoteCluster({
    base,
    token,
    timeoutMs,
    retries,
    silenceMs,
    clock,
    random,
    fetch: ((input: string, init: object) =>
      fetch(input, { ...init, dispatcher })) as unknown as typeof globalThis.fetch,
    open: wsChannels(channels, ca === undefined ? {} : { ca }),
    close: () => dispatcher.destroy(),
  });
}
