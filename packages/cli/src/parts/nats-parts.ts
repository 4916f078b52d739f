import type { Plugin } from '@gantry/core';
import { usage } from '../output/problem.ts';
import { natsCredentials, present } from './env-secrets.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Command-line options for the connection to NATS. */
export interface NatsOptions {
  readonly nats?: string | undefined;
  readonly natsCreds?: string | undefined;
  readonly natsCa?: string | undefined;
  readonly natsCert?: string | undefined;
  readonly natsKey?: string | undefined;
  readonly natsInbox?: string | undefined;
}

/** Addresses and credentials of NATS, as options of the plugins that use it. */
export function natsConnection(env: Env, options: NatsOptions): { readonly servers: readonly string[] } {
  const servers = (options.nats ?? env.GANTRY_NATS ?? '').split(',').filter((server) => server !== '');
  if (servers.length === 0) throw usage('NATS is not named', '--nats nats://HOST:4222, or GANTRY_NATS');
  const tls = present({ ca: options.natsCa, cert: options.natsCert, key: options.natsKey });
  return {
    servers,
    ...natsCredentials(env),
    ...present({ credsFile: options.natsCreds, inboxPrefix: options.natsInbox }),
    ...(Object.keys(tls).length > 0 && { tls }),
  };
}

/** Returns the bus between servers and agents. */
export async function natsBusPart(env: Env, options: NatsOptions, name: string): Promise<Plugin> {
  const { servers, ...rest } = natsConnection(env, options);
  const { natsBus } = await import('@gantry/bus-nats');
  return natsBus({ ...rest, servers: [...servers], name });
}
