import { homedir } from 'node:os';
import { join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

const home = (env: Env): string => env.HOME ?? homedir();

/** Where the contexts are kept: GANTRY_CONFIG, or `gantry/contexts.json` below the XDG configuration folder. */
export function contextsPath(env: Env): string {
  if (env.GANTRY_CONFIG) return env.GANTRY_CONFIG;
  return join(env.XDG_CONFIG_HOME || join(home(env), '.config'), 'gantry', 'contexts.json');
}

/** Where what `gantry up` knows of its clusters is kept, below the XDG state folder. */
export function statePath(env: Env, cluster: string): string {
  return join(env.XDG_STATE_HOME || join(home(env), '.local', 'state'), 'gantry', cluster);
}
