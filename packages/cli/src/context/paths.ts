import { homedir } from 'node:os';
import { join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

const home = (env: Env): string => env.HOME ?? homedir();

/** Path of the contexts file: GANTRY_CONFIG, or `gantry/contexts.json` in the XDG configuration directory. */
export function contextsPath(env: Env): string {
  if (env.GANTRY_CONFIG) return env.GANTRY_CONFIG;
  return join(env.XDG_CONFIG_HOME || join(home(env), '.config'), 'gantry', 'contexts.json');
}

/** Directory for the state of a cluster of `gantry up`, in the XDG state directory. */
export function statePath(env: Env, cluster: string): string {
  return join(env.XDG_STATE_HOME || join(home(env), '.local', 'state'), 'gantry', cluster);
}
