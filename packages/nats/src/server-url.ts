const DEFAULT_PORT = 4222;

/** Address of a server. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** The parts of a server's URL. */
export interface ServerUrl extends Endpoint {
  /** Whether it is `tls://`. */
  readonly secure: boolean;
  /** The text before the `@`; a token if there is no password. */
  readonly user: string | undefined;
  readonly password: string | undefined;
}

/** Parses a URL; returns undefined if it is not one of a NATS server. */
export function parseServerUrl(text: string): ServerUrl | undefined {
  try {
    const url = new URL(text);
    if (url.protocol !== 'nats:' && url.protocol !== 'tls:') return undefined;
    if (url.hostname === '' || url.search !== '' || url.hash !== '') return undefined;
    if (url.pathname !== '' && url.pathname !== '/') return undefined;
    const [user, password] = [url.username, url.password].map(decodeURIComponent) as [string, string];
    if (user === '' && password !== '') return undefined;
    return {
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? DEFAULT_PORT : Number(url.port),
      secure: url.protocol === 'tls:',
      user: user === '' ? undefined : user,
      password: password === '' ? undefined : password,
    };
  } catch {
    return undefined; // what `new URL` throws quotes the url, password and all
  }
}

/** `host:port`, without anything secret. */
export function endpointText({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
