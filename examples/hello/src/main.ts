import type { ClusterApi } from '@gantry/core/api';
import { createCluster } from '@gantry/host';
import { type DemoOptions, HELP, readOptions } from './options.ts';
import { type Platform, platformOf, service } from './platform.ts';
import { STEPS, since } from './steps.ts';
import { Traffic } from './traffic.ts';
import { liveView, plainView, type View } from './view.ts';

const CLUSTER = 'hello';
const interrupted = new AbortController();

/** Runs the demo; the exit code tells whether everything held. */
async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.stdout.isTTY);
  if (options === undefined) {
    console.log(HELP);
    return 0;
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupted.abort());
  const view = options.plain ? plainView() : liveView();
  const startedAt = performance.now();
  try {
    const platform = await platformOf(options, CLUSTER);
    await play(options, platform, view, startedAt);
    view.end();
    console.log('demo: ok');
    return 0;
  } catch (error) {
    view.end();
    if (interrupted.signal.aborted) {
      console.error('demo: interrupted, everything cleared away');
      return 130;
    }
    const message = error instanceof Error ? error.message : String(error);
    const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
    console.error(`demo: failed: ${message}${cause}`);
    return 1;
  }
}

async function play(options: DemoOptions, platform: Platform, view: View, startedAt: number): Promise<void> {
  const { signal } = interrupted;
  const cluster = await createCluster(platform.plugins, { name: CLUSTER, nodes: options.nodes, signal });
  const { api } = cluster;
  const everRan = trackTasks(api, signal);
  let traffic: Traffic | undefined;
  let step = '';
  const note = (title: string, measured: string): void => {
    view.done({ title, measured });
  };
  try {
    view.watch(api, undefined);
    step = `deploy 3 replicas on ${options.nodes} nodes (${options.runtime})`;
    view.begin(step);
    traffic = await deploy(api, platform, signal);
    note(step, `${since(startedAt)} from nothing to the first answer`);
    view.watch(api, traffic);
    const known = new Set<string>();
    if (traffic !== undefined) await traffic.newcomers(known, 3, signal);
    for (const each of STEPS) {
      step = each.title;
      view.begin(step);
      note(step, await each.run({ api, platform, traffic, signal, startedAt }));
    }
    step = 'requests all the while';
    if (traffic !== undefined) {
      const { ok, failures } = traffic;
      if (failures.length > 0)
        throw new Error(`${failures.length} of ${ok + failures.length} failed: ${failures[0]}`);
      note(step, `${ok} answered, 0 failed`);
    }
    if (options.keep) await stay(api, view, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error(`${step}: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    await traffic?.stop();
    await cluster[Symbol.asyncDispose]();
  }
  const left = await platform.leftovers([...(await everRan).values()]);
  if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
}

/** Applies the service, and returns the traffic that runs from its first answer on. */
async function deploy(
  api: ClusterApi,
  platform: Platform,
  signal: AbortSignal,
): Promise<Traffic | undefined> {
  await api.apply(service(platform, 3, 'v1'));
  if (!platform.serves) {
    await api.wait('service', 'web', 'Available', { timeoutMs: 60_000, signal });
    return undefined;
  }
  const served = await api.wait(
    'service',
    'web',
    ({ status }) => status.published.length > 0 && status.ready > 0,
    {
      timeoutMs: 60_000,
      signal,
    },
  );
  const traffic = new Traffic(served?.status.published[0]?.port as number);
  await traffic.first(signal);
  traffic.start();
  await api.wait('service', 'web', 'Available', { timeoutMs: 60_000, signal });
  return traffic;
}

async function stay(api: ClusterApi, view: View, signal: AbortSignal): Promise<void> {
  const { status } = await api.get('service', 'web');
  view.note(`the cluster stays up: http://127.0.0.1:${status.published[0]?.port}/ — Ctrl-C ends it`);
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}

/** Remembers every task that ever ran, to look for leftovers of it. */
function trackTasks(api: ClusterApi, signal: AbortSignal) {
  const seen = new Map<string, Awaited<ReturnType<ClusterApi['get']>> & { kind: 'task' }>();
  const follow = async (): Promise<typeof seen> => {
    for await (const batch of api.watch('task', { signal })) {
      for (const { object } of batch)
        if (object.status.runtimeId !== undefined) seen.set(object.meta.name, object);
    }
    return seen;
  };
  return follow().catch(() => seen);
}

process.exitCode = await main();
