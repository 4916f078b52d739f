import type { RuntimeName } from '../config/define-config.ts';
import { changeContexts, withoutContext } from '../context/contexts-file.ts';
import { localSettings } from '../local/settings.ts';
import { sweepCluster } from '../local/start-cluster.ts';
import { isAlive, type LocalState, listStates, logPath, readState, removeState } from '../local/state.ts';
import { parseDuration } from '../output/duration.ts';
import { CliError, usage } from '../output/problem.ts';
import { didYouMean } from '../output/suggest.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

interface Options {
  readonly timeout: string;
  readonly kill?: boolean;
}

const LOOK_MS = 50;

/** Defines `gantry down [NAME]`. */
export const down: Define = (command, act) => {
  command
    .argument('[name]', 'name of the cluster (default: the only one)')
    .option('--timeout <duration>', 'give up waiting after DURATION', '60s')
    .option('--kill', 'kill it when the timeout expires, then clean up what it left behind')
    .action(
      act<[string | undefined], Options>(async (cx, [name], options) => {
        const timeoutMs = parseDuration(options.timeout, '--timeout');
        const state = await choose(cx, name);
        const alive = await isAlive(state);
        const ended = alive && (await end(cx, state, timeoutMs, options.kill === true));
        if (!ended) await sweep(cx, state, alive);
        cx.print(`cluster ${state.name} is down`);
      }),
    );
};

async function choose(cx: Cx, name: string | undefined): Promise<LocalState> {
  const { env } = cx.io;
  const all = await listStates(env);
  const names = all.map((each) => each.name);
  if (name !== undefined) {
    const state = await readState(env, name);
    if (state !== undefined) return state;
    throw new CliError(
      'NOT_FOUND',
      `cluster "${name}" not found on this machine`,
      didYouMean(name, names) ?? `known clusters: ${names.join(', ') || 'none'}`,
    );
  }
  const [only, ...others] = all;
  if (only === undefined)
    throw new CliError('NOT_FOUND', 'no cluster runs on this machine', '`gantry up` starts one');
  if (others.length > 0)
    throw usage(`several clusters run on this machine: ${names.join(', ')}`, 'name one of them');
  return only;
}

/** Asks the process to terminate, and waits for it. Returns whether it did so on its own. */
async function end(cx: Cx, state: LocalState, timeoutMs: number, kill: boolean): Promise<boolean> {
  const clock = await cx.clock();
  const until = clock.elapsed() + timeoutMs;
  process.kill(state.pid, 'SIGTERM');
  while (await isAlive(state)) {
    if (clock.elapsed() < until) await clock.sleep(LOOK_MS, cx.signal);
    else if (kill) {
      cx.warn(`cluster ${state.name} has not ended: process ${state.pid} is killed`);
      process.kill(state.pid, 'SIGKILL');
      while (await isAlive(state)) await clock.sleep(LOOK_MS, cx.signal);
      return false;
    } else {
      throw new CliError(
        'TIMEOUT',
        `cluster ${state.name} has not ended: process ${state.pid}`,
        `see its log, ${logPath(cx.io.env, state.name)}, or end it with --kill`,
      );
    }
  }
  return (await readState(cx.io.env, state.name)) === undefined;
}

/** Cleans up after a cluster whose process has died. */
async function sweep(cx: Cx, state: LocalState, killed: boolean): Promise<void> {
  const { env, cwd } = cx.io;
  if (!killed) cx.note(`The process of cluster ${state.name} had died; its leftovers are removed.`);
  const { name, runtime, config } = state;
  const known = runtime === 'none' ? {} : { runtime: runtime as RuntimeName };
  const settings = await localSettings(env, cwd, { name, config, ...known });
  const nodes = state.nodes.map((node) => ({ name: node }));
  await sweepCluster({ ...settings, nodes }, cx.signal);
  await changeContexts(env, (contexts) => withoutContext(contexts, name, state.previousContext));
  await removeState(env, name);
}
