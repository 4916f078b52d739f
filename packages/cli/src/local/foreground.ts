import { changeContexts, readContexts, withContext, withoutContext } from '../context/contexts-file.ts';
import { CliError } from '../output/problem.ts';
import { openKeptPorts } from '../parts/kept-ports.ts';
import { isFull, onceThereIsRoom } from '../parts/once-there-is-room.ts';
import { untilAborted } from '../parts/until-aborted.ts';
import type { Cx } from '../session.ts';
import { eventLines, liveView } from './live-view.ts';
import type { LocalSettings } from './settings.ts';
import { startCluster } from './start-cluster.ts';
import { isAlive, readState, removeState, startTicksOf, writeState } from './state.ts';

/** Message of a background process to the one that started it. */
export type UpMessage =
  | { readonly type: 'ready'; readonly server: string; readonly nodes: readonly string[] }
  | { readonly type: 'failed' };

/** Rejects a second cluster with the same name. */
export async function refuseRunning(cx: Cx, name: string): Promise<void> {
  const state = await readState(cx.io.env, name);
  if (state === undefined || !(await isAlive(state))) return;
  throw new CliError(
    'ALREADY_EXISTS',
    `cluster ${name} runs already: process ${state.pid} at ${state.server}`,
    `end it with \`gantry down ${name}\`, or give this one another --name`,
  );
}

/** Runs a cluster in this process until the signal fires, then cleans up. */
export async function runForeground(cx: Cx, settings: LocalSettings, background: boolean): Promise<void> {
  const { env, stdout } = cx.io;
  cx.io.keepRunning?.();
  const clock = await cx.clock();
  await refuseRunning(cx, settings.name);
  const { frontendsFile: file, logLevel, own } = settings;
  await using ports = await openKeptPorts(await cx.io.system(), { file, logLevel, own });
  const cluster = await startCluster(settings, ports, cx.signal);
  const { current } = await readContexts(env);
  const { name, server, token, ca } = cluster;
  let stopWriting = async (): Promise<void> => undefined;
  try {
    const state = {
      name,
      pid: process.pid,
      startTicks: await startTicksOf(process.pid),
      since: clock.now(),
      server,
      runtime: settings.runtime,
      nodes: cluster.nodes,
      config: settings.config,
      previousContext: current === name ? undefined : current,
    };
    const context = { server, token, ...(ca === undefined ? {} : { ca }) };
    stopWriting = await onceThereIsRoom(cx, `the state and the context of cluster ${name}`, async () => {
      await writeState(env, state);
      await changeContexts(env, (contexts) => withContext(contexts, name, context, true));
    });
    const ready: UpMessage = { type: 'ready', server, nodes: cluster.nodes };
    cx.io.tellParent?.(ready);
    const title = `cluster ${name} (${settings.runtime}) at ${server}, context ${name}; Ctrl-C ends it`;
    if (stdout.isTTY) await liveView(cx, cluster, title, cx.signal);
    else {
      cx.print(background ? `cluster ${name} runs at ${server}` : title);
      await Promise.all([eventLines(cx, cluster, cx.signal), untilAborted(cx.signal)]);
    }
  } finally {
    if (!background)
      cx.note(
        `Ending cluster ${name}${settings.leavesTasks ? '; its tasks keep running.' : ': its tasks are stopped …'}`,
      );
    await cluster[Symbol.asyncDispose]();
    await stopWriting();
    if (!settings.leavesTasks) await removeState(env, name);
    await changeContexts(env, (contexts) => withoutContext(contexts, name, current)).catch(
      (error: unknown) => {
        if (!isFull(error)) throw error;
        cx.warn(`context ${name} cannot be removed: the disk is full`);
      },
    );
  }
}
