import { z } from 'zod';

const DEFAULT_PORT = 2379;
const URL_FORM = /^(https?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?\/?$/;

/** Address of a server. */
export interface Endpoint {
  /** `host:port`. */
  readonly name: string;
  readonly secure: boolean;
}

const text = z.string().min(1);
// A rejected url is not quoted: it may contain a password.
const url = text.refine(
  (value) => parseEndpoint(value) !== undefined,
  'expected a url such as http://host:2379 or https://host:2379, without a user',
);

const fields = z.strictObject({
  /** Urls of the servers: one, or several of one cluster. `https://` is TLS. */
  endpoints: z.union([url, z.array(url).min(1)]).default(`http://127.0.0.1:${DEFAULT_PORT}`),
  /** Prefix of every key in etcd; ends with `/`. */
  prefix: z
    .string()
    .max(256)
    .regex(/^[\x21-\x7e]*\/$/, 'expected printable characters that end with "/"')
    .default('/gantry/'),
  user: text.optional(),
  password: text.optional(),
  /** Paths of PEM files, read again for every new connection, and the name in the servers' certificates. */
  tls: z
    .strictObject({
      ca: text.optional(),
      cert: text.optional(),
      key: text.optional(),
      serverName: text.optional(),
    })
    .optional(),
  /** Maximum duration of the start, and later of any one request. */
  timeoutMs: z.int().positive().default(5000),
});

type Fields = z.output<typeof fields>;

export const optionsSchema = fields.superRefine(checkTogether).transform(toSettings);

/** The options of the store; all are optional. */
export type EtcdStoreOptions = z.input<typeof fields>;

/** The options as the store uses them. */
export interface Settings {
  readonly endpoints: readonly Endpoint[];
  readonly prefix: string;
  readonly login: { readonly user: string; readonly password: string } | undefined;
  readonly tls: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
    readonly serverName?: string | undefined;
  };
  readonly timeoutMs: number;
}

/** Parses a url; undefined if it is not the url of an etcd server. */
export function parseEndpoint(value: string): Endpoint | undefined {
  const [, scheme, host, port] = URL_FORM.exec(value) ?? [];
  if (host === undefined || Number(port ?? DEFAULT_PORT) > 65_535) return undefined;
  return { name: `${host}:${port ?? DEFAULT_PORT}`, secure: scheme === 'https' };
}

function checkTogether(options: Fields, context: z.RefinementCtx): void {
  const refuse = (path: string[], message: string): void =>
    context.addIssue({ code: 'custom', path, message });
  const { user, password, tls } = options;
  if (user !== undefined && password === undefined) refuse(['password'], '"user" needs a password');
  if (password !== undefined && user === undefined) refuse(['user'], '"password" needs a user');
  if (tls?.cert !== undefined && tls.key === undefined) refuse(['tls', 'key'], '"cert" needs its key');
  if (tls?.key !== undefined && tls.cert === undefined)
    refuse(['tls', 'cert'], '"key" needs its certificate');
  if (tls !== undefined && endpointsOf(options).some(({ secure }) => !secure))
    refuse(['endpoints'], 'with "tls", every url begins with https://');
}

function toSettings(options: Fields): Settings {
  const { prefix, user, password, tls = {}, timeoutMs } = options;
  const login = user === undefined || password === undefined ? undefined : { user, password };
  return { endpoints: endpointsOf(options), prefix, login, tls, timeoutMs };
}

function endpointsOf({ endpoints }: Fields): readonly Endpoint[] {
  const urls = typeof endpoints === 'string' ? [endpoints] : endpoints;
  const found = urls.flatMap((one) => parseEndpoint(one) ?? []);
  return [...new Map(found.map((endpoint) => [endpoint.name, endpoint])).values()];
}
