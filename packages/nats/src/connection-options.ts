import { nkeys } from '@nats-io/transport-node';
import { z } from 'zod';
import type { Credentials } from './credentials.ts';
import { type Endpoint, parseServerUrl, type ServerUrl } from './server-url.ts';

const serverUrl = z
  .string()
  .refine(
    (text) => parseServerUrl(text) !== undefined,
    'expected a url such as nats://host:4222 or tls://host:4222',
  );
const text = z.string().min(1);

/** The options by which a plugin reaches its servers; the plugin adds its own, and calls `checkConnection` for all. */
export const connectionFields = {
  /** URLs of the servers: one, or several of one NATS cluster. `tls://` demands TLS. */
  servers: z.union([serverUrl, z.array(serverUrl).min(1)]).default('nats://127.0.0.1:4222'),
  token: text.optional(),
  user: text.optional(),
  password: text.optional(),
  /** The seed of a user's nkey, `SU…`. */
  nkeySeed: z.string().refine(isUserSeed, 'expected the seed of a user, SU…').optional(),
  /** Path of a file with a user's JWT and seed, as `nsc` writes it. */
  credsFile: text.optional(),
  /** Paths of PEM files; demands TLS. */
  tls: z.strictObject({ ca: text.optional(), cert: text.optional(), key: text.optional() }).optional(),
  /** Name of the connection at the server. */
  name: text.default('gantry'),
  /**
   * Prefix of the subjects on which replies arrive. Give each user of a server with permissions a prefix of its own, so that
   * none can read the replies to another.
   */
  inboxPrefix: z
    .string()
    .regex(/^_INBOX(?:[._-][A-Za-z0-9_-]+)*$/, 'expected _INBOX, or a prefix such as _INBOX.web-1')
    .default('_INBOX'),
  /** Timeout of the connection attempt, ms. */
  connectTimeoutMs: z.int().positive().default(10_000),
};

const fields = z.object(connectionFields);
type Fields = z.output<typeof fields>;

/** The options in the form from which a connection is made. */
export interface NatsConnectionSettings {
  readonly servers: readonly Endpoint[];
  /** Whether the connection must be encrypted. */
  readonly secure: boolean;
  readonly credentials: Credentials | undefined;
  /** Paths. */
  readonly tls: {
    readonly ca?: string | undefined;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  };
  readonly name: string;
  readonly inboxPrefix: string;
  /** ms */
  readonly connectTimeoutMs: number;
}

/** Checks conditions on several options together: for `superRefine` of the schema that contains them. */
export function checkConnection(options: Fields, context: z.RefinementCtx): void {
  const refuse = (path: string[], message: string): void =>
    context.addIssue({ code: 'custom', path, message });
  const { user, password, tls } = options;
  if (user !== undefined && password === undefined) refuse(['password'], '"user" needs a password');
  if (password !== undefined && user === undefined) refuse(['user'], '"password" needs a user');
  if (tls?.cert !== undefined && tls.key === undefined) refuse(['tls', 'key'], '"cert" needs its key');
  if (tls?.key !== undefined && tls.cert === undefined)
    refuse(['tls', 'cert'], '"key" needs its certificate');
  const inUrls = urlsOf(options).map((url) => JSON.stringify([url.user, url.password]));
  if (new Set(inUrls).size > 1)
    refuse(['servers'], 'all urls have the same user and password, or none has any');
  const kinds = kindsGiven(options);
  if (kinds.length > 1) refuse([], `one kind of credentials at most, not ${kinds.join(' and ')}`);
}

/** Converts valid options to settings. */
export function toConnection(options: Fields): NatsConnectionSettings {
  const urls = urlsOf(options);
  return {
    servers: urls.map(({ host, port }) => ({ host, port })),
    secure: options.tls !== undefined || urls.some(({ secure }) => secure),
    credentials: credentialsOf(options, urls[0]),
    tls: options.tls ?? {},
    name: options.name,
    inboxPrefix: options.inboxPrefix,
    connectTimeoutMs: options.connectTimeoutMs,
  };
}

function kindsGiven(options: Fields): string[] {
  const { token, user, password, nkeySeed, credsFile } = options;
  const given = {
    token,
    'user and password': user ?? password,
    nkeySeed,
    credsFile,
    'credentials in the url': urlsOf(options)[0]?.user,
  };
  return Object.entries(given).flatMap(([kind, value]) => (value === undefined ? [] : [`"${kind}"`]));
}

function credentialsOf(options: Fields, url: ServerUrl | undefined): Credentials | undefined {
  const { credsFile, nkeySeed } = options;
  if (credsFile !== undefined) return { kind: 'file', path: credsFile };
  if (nkeySeed !== undefined) return { kind: 'nkey', seed: nkeySeed };
  const user = options.user ?? url?.user;
  const password = options.password ?? url?.password;
  if (user !== undefined && password !== undefined) return { kind: 'password', user, password };
  const token = options.token ?? user;
  return token === undefined ? undefined : { kind: 'token', token };
}

function urlsOf({ servers }: Fields): readonly ServerUrl[] {
  const texts = typeof servers === 'string' ? [servers] : servers;
  return texts.flatMap((one) => parseServerUrl(one) ?? []);
}

function isUserSeed(seed: string): boolean {
  try {
    return (
      seed.startsWith('SU') && nkeys.fromSeed(new TextEncoder().encode(seed)).getPublicKey().startsWith('U')
    );
  } catch {
    return false;
  }
}
