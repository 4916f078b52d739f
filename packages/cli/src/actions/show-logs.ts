import { withSuggestion } from '../cluster/refs.ts';
import { parseCount } from '../input/key-values.ts';
import { parseDuration } from '../output/duration.ts';
import { linePrinter } from '../output/line-printer.ts';
import { usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  readonly tail?: string;
  readonly since?: string;
  readonly sinceTime?: string;
  readonly previous?: boolean;
  readonly timestamps?: boolean;
  readonly prefix?: boolean;
}

export interface Workload {
  readonly kind: 'service' | 'task';
  readonly id: string;
}

/** Maximum number of workloads that are followed concurrently: each one takes a connection. */
const MAX_FOLLOWED = 50;

/** Prints the lines of a task, or of all tasks of a service. */
export async function showLogs(cx: Cx, workload: Workload, options: LogsOptions): Promise<void> {
  await showLogsOf(cx, [workload], options);
}

/**
 * Prints the lines of several workloads as one stream: as they arrive with `follow`, otherwise one workload after the
 * other.
 */
export async function showLogsOf(
  cx: Cx,
  workloads: readonly Workload[],
  options: LogsOptions,
): Promise<void> {
  if (options.follow === true && workloads.length > MAX_FOLLOWED) {
    const message = `-f: at most ${MAX_FOLLOWED} workloads can be followed, got ${workloads.length}`;
    throw usage(message, 'name fewer, or use a narrower selector');
  }
  const api = await cx.api();
  const call = {
    follow: options.follow,
    tail: options.tail === undefined ? undefined : parseCount(options.tail, '--tail'),
    since: sinceOf(options, (await cx.clock()).now()),
    previous: options.previous,
    signal: cx.signal,
  };
  const prefix = options.prefix ?? (await severalTasks(cx, workloads));
  const show = linePrinter({ ...options, prefix }, cx.colors);
  const read = ({ kind, id }: Workload): Promise<void> =>
    withSuggestion(cx, kind, id, async () => {
      for await (const lines of api.logs(kind === 'task' ? { task: id } : { service: id }, call)) {
        cx.io.stdout.write(lines.map(show).join(''));
      }
    });
  if (options.follow === true) await Promise.all(workloads.map(read));
  else for (const workload of workloads) await read(workload);
}

/** Whether lines can come from more than one task. */
async function severalTasks(cx: Cx, workloads: readonly Workload[]): Promise<boolean> {
  const [only] = workloads;
  if (only === undefined || workloads.length > 1) return workloads.length > 1;
  if (only.kind === 'task') return false;
  const api = await cx.api();
  const { spec } = await withSuggestion(cx, 'service', only.id, () =>
    api.get('service', only.id, { signal: cx.signal }),
  );
  return spec.mode === 'global' || spec.replicas > 1;
}

/** Start time in ms since the epoch. */
function sinceOf({ since, sinceTime }: LogsOptions, now: number): number | undefined {
  if (since !== undefined && sinceTime !== undefined)
    throw usage('--since and --since-time exclude each other');
  if (since !== undefined) return now - parseDuration(since, '--since');
  if (sinceTime === undefined) return undefined;
  const time = Date.parse(sinceTime);
  if (Number.isNaN(time))
    throw usage(`--since-time: expected a time such as 2030-01-02T15:04:05Z, got "${sinceTime}"`);
  return time;
}
