type Env = Readonly<Record<string, string | undefined>>;

/** Credentials for NATS come from the environment: command lines are visible to all users of the machine. */
export function natsCredentials(env: Env): Readonly<Record<string, string>> {
  return present({
    token: env.GANTRY_NATS_TOKEN,
    user: env.GANTRY_NATS_USER,
    password: env.GANTRY_NATS_PASSWORD,
    nkeySeed: env.GANTRY_NATS_NKEY_SEED,
  });
}

/** Credentials for a store other than NATS. */
export function storeCredentials(env: Env): Readonly<Record<string, string>> {
  return present({ user: env.GANTRY_STORE_USER, password: env.GANTRY_STORE_PASSWORD });
}

/** Keeps the values that are set and not empty. */
export function present<T>(values: Readonly<Record<string, T | undefined>>): Readonly<Record<string, T>> {
  const set = Object.entries(values).filter(([, value]) => value !== undefined && value !== '');
  return Object.fromEntries(set) as Readonly<Record<string, T>>;
}
