import type { LogLine } from '@gantry/core/api';
import { idOf } from '@gantry/core/model';
import { allPages } from '../cluster/all-pages.ts';
import { parseWorkload, withSuggestion } from '../cluster/refs.ts';
import { parseCount } from '../input/key-values.ts';
import type { Colors } from '../output/colors.ts';
import { parseDuration } from '../output/duration.ts';
import { CliError, usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  readonly tail?: string;
  readonly since?: string;
  readonly sinceTime?: string;
  readonly previous?: boolean;
  readonly timestamps?: boolean;
  readonly prefix?: boolean;
}

interface Workload {
  readonly kind: 'service' | 'task';
  readonly id: string;
}

/** Maximum number of workloads that are followed concurrently: each one takes a connection. */
const MAX_FOLLOWED = 50;

/** Defines `gantry logs TASK|SERVICE…`, `gantry logs -l app=web`. */
export const logs: Define = (command, act) => {
  command
    .argument('[workloads...]', 'service/NAME, task/NAME, or the names alone')
    .option('-l, --selector <labels>', 'logs of all services with these labels: app=web,tier!=x')
    .option('-f, --follow', 'stream new lines, and follow on to replacement tasks')
    .option('--tail <lines>', 'print only the last LINES lines of each task')
    .option('--since <duration>', 'print only lines of the last DURATION, such as 10m')
    .option('--since-time <time>', 'print only lines since a time such as 2030-01-02T15:04:05Z')
    .option('-p, --previous', 'print logs of the previous task in each slot')
    .option('--timestamps', 'print the time in front of each line')
    .option('--prefix', 'print task and node in front of each line (default: if several tasks can write)')
    .option('--no-prefix', 'omit task and node')
    .action(
      act<[string[]], LogsOptions & { selector?: string }>(async (cx, [words], options) => {
        await showLogsOf(cx, await workloadsOf(cx, words, options.selector), options);
      }),
    );
};

async function workloadsOf(
  cx: Cx,
  words: readonly string[],
  selector: string | undefined,
): Promise<readonly Workload[]> {
  if (selector === undefined) {
    if (words.length === 0) throw usage('expected a service, a task or -l', 'gantry logs -f service/web');
    return Promise.all(words.map((word) => parseWorkload(cx, word, ['service', 'task'])));
  }
  if (words.length > 0) throw usage('names and -l exclude each other');
  const { namespace } = await cx.target();
  const select = { namespace, labels: selector, signal: cx.signal };
  const { items } = await allPages(await cx.api(), 'service', select);
  if (items.length > 0) return items.map(({ meta }) => ({ kind: 'service', id: idOf(meta) }));
  const hint = 'show the labels of services with `gantry get services --show-labels`';
  throw new CliError('NOT_FOUND', `no service in namespace ${namespace} has the labels "${selector}"`, hint);
}

/** Prints the lines of a task, or of all tasks of a service. */
export async function showLogs(cx: Cx, workload: Workload, options: LogsOptions): Promise<void> {
  await showLogsOf(cx, [workload], options);
}

/**
 * Prints the lines of several workloads as one stream: as they arrive with `follow`, otherwise one workload after the
 * other.
 */
async function showLogsOf(cx: Cx, workloads: readonly Workload[], options: LogsOptions): Promise<void> {
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

/**
 * Returns a function that renders a line with the requested prefix. Tasks get colours in the order of their first
 * lines, so that neighbours differ.
 */
export function linePrinter(
  { prefix = false, timestamps = false }: Pick<LogsOptions, 'prefix' | 'timestamps'>,
  colors: Colors,
): (line: LogLine) => string {
  const { cyan, green, yellow, magenta, blue, red } = colors;
  const palette = [cyan, green, yellow, magenta, blue, red];
  const known = new Map<string, (text: string) => string>();
  const colourOf = (task: string): ((text: string) => string) => {
    const colour = known.get(task) ?? (palette[known.size % palette.length] as (text: string) => string);
    known.set(task, colour);
    return colour;
  };
  return ({ task, node, time, text }) => {
    const parts = [
      ...(prefix ? [colourOf(task)(`${task}@${node}`)] : []),
      ...(timestamps ? [colors.dim(new Date(time).toISOString())] : []),
      text,
    ];
    return `${parts.join(' ')}\n`;
  };
}
