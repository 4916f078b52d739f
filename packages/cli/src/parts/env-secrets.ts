type Env = Readonly<Record<string, string | undefined>>;

/** Credentials come from the environment: a command line is read by everybody on the machine. */
export function natsCredentials(env: Env): Readonly<Record<string, string>> {
  return present({
    token: env.GANTRY_NATS_TOKEN,
    user: env.GANTRY_NATS_USER,
    password: env.GANTRY_NATS_PASSWORD,
    nkeySeed: env.GANTRY_NATS_NKEY_SEED,
  });
}

/** Of a store that is not NATS. */
export function storeCredentials(env: Env): Readonly<Record<string, string>> {
  return present({ user: env.GANTRY_STORE_USER, password: env.GANTRY_STORE_PASSWORD });
}

/** Those that are set, and not to nothing. */
export function present<T>(values: Readonly<Record<string, T | undefined>>): Readonly<Record<string, T>> {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(set) as Readonly<Record<string, T>>;
}
