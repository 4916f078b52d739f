import { Agent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { checkOptions } from '../check-options.ts';
import { baseOf, checkToken, openAny, RETRIES, SILENCE_MS, TIMEOUT_MS, urlsOf } from '../connect.ts';
import type { ConnectOptions } from '../connect-options.ts';
import { Endpoints } from '../http/endpoints.ts';
import { platformClock, platformRandom } from '../platform.ts';
import { RemoteCluster } from '../remote-cluster.ts';
import type { OpenChannel } from '../socket/channel.ts';
import { httpFetch } from './http-fetch.ts';

export interface NodeConnectOptions extends ConnectOptions {
  /** `https://…`, `http://…`, or `unix:/run/gantry.sock`; several URLs of one cluster, which then all are HTTP. */
  readonly url: string | readonly string[];
  /**
   * PEM of the trusted authorities, instead of the system's; for a server with a private or self-signed certificate.
   */
  readonly ca?: string | undefined;
}

const UNIX = 'unix:';
/** A server on a Unix socket has no host name. */
const UNIX_HOST = 'http://gantry';

/**
 * Like the `connect` of the main entry, with features of Node beyond those of a browser: Unix sockets, a custom CA, and
 * backpressure on the data that `exec` and `dial` receive.
 *
 * @throws `INVALID_OPTIONS` with the path of each problem: an unknown option, a URL that is neither one of HTTP nor a
 * Unix socket, a value that cannot be a token, a timeout that is not above 0 …
 */
export function connect(options: NodeConnectOptions): RemoteCluster {
  checkOptions(options, true);
  const { url, token, ca, timeoutMs = TIMEOUT_MS, retries = RETRIES, silenceMs = SILENCE_MS } = options;
  const { clock = platformClock(), random = platformRandom() } = options;
  checkToken(token);
  const urls = urlsOf(url);
  const [first = ''] = urls;
  const socketPath =
    urls.length === 1 && first.startsWith(UNIX)
      ? first.slice(UNIX.length).replace(/^\/\/(?=\/)/, '')
      : undefined;
  const endpoints = new Endpoints(socketPath === undefined ? urls.map(baseOf) : [UNIX_HOST]);
  // Streams may be idle indefinitely: a lost connection is noticed otherwise.
  const agents = { http: new Agent({ keepAlive: true }), https: new TlsAgent({ keepAlive: true }) };
  const channelsOf = (base: string): string =>
    socketPath === undefined ? base.replace(/^http/, 'ws') : `ws+unix:${socketPath}:`;
  return new RemoteCluster({
    endpoints,
    token,
    timeoutMs,
    retries,
    silenceMs,
    clock,
    random,
    fetch: httpFetch({ agents, socketPath, ca }),
    open: openAny(endpoints, (base) =>
      lazily(async () => {
        const { wsChannels } = await import('./ws-channel.ts');
        return wsChannels(channelsOf(base), ca === undefined ? {} : { ca });
      }),
    ),
    close: async () => {
      agents.http.destroy();
      agents.https.destroy();
    },
  });
}

/** Most calls need no WebSocket: its code is loaded on first use. */
function lazily(load: () => Promise<OpenChannel>): OpenChannel {
  let loading: Promise<OpenChannel> | undefined;
  return async (call) => {
    loading ??= load();
    return (await loading)(call);
  };
}
