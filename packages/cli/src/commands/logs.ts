import type { LogLine } from '@gantry/core';
import { parseWorkload, withSuggestion } from '../cluster/refs.ts';
import { parseCount } from '../input/key-values.ts';
import type { Colors } from '../output/colors.ts';
import { parseDuration } from '../output/duration.ts';
import { usage } from '../output/problem.ts';
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

/** `gantry logs TASK|SERVICE`. */
export const logs: Define = (command, act) => {
  command
    .argument('<workload>', 'service/NAME, task/NAME, or the name alone')
    .option('-f, --follow', 'go on as lines are written, and over to the tasks that replace those that end')
    .option('--tail <lines>', 'so many lines from the end of each task')
    .option('--since <duration>', 'lines of the last 10m')
    .option('--since-time <time>', 'lines since a time such as 2030-01-02T15:04:05Z')
    .option('-p, --previous', 'of the attempt before, in the same slot')
    .option('--timestamps', 'each line with its time')
    .option('--prefix', 'each line with its task and node')
    .action(
      act<[string], LogsOptions>(async (cx, [word], options) => {
        await showLogs(cx, await parseWorkload(cx, word, ['service', 'task']), options);
      }),
    );
};

/** Writes the lines of a task, or of all tasks of a service. */
export async function showLogs(
  cx: Cx,
  { kind, id }: { readonly kind: 'service' | 'task'; readonly id: string },
  options: LogsOptions,
): Promise<void> {
  const api = await cx.api();
  const now = (await cx.clock()).now();
  const call = {
    follow: options.follow,
    tail: options.tail === undefined ? undefined : parseCount(options.tail, '--tail'),
    since: sinceOf(options, now),
    previous: options.previous,
    signal: cx.signal,
  };
  await withSuggestion(cx, kind, id, async () => {
    for await (const lines of api.logs(kind === 'task' ? { task: id } : { service: id }, call)) {
      cx.io.stdout.write(lines.map((line) => showLine(line, options, cx.colors)).join(''));
    }
  });
}

/** From when on, ms since the epoch. */
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

/** One line with what was asked for in front of it; each task has its colour. */
export function showLine(
  { task, node, time, text }: LogLine,
  { prefix = false, timestamps = false }: Pick<LogsOptions, 'prefix' | 'timestamps'>,
  colors: Colors,
): string {
  const parts = [
    ...(prefix ? [colourOf(task, colors)(`${task}@${node}`)] : []),
    ...(timestamps ? [colors.dim(new Date(time).toISOString())] : []),
    text,
  ];
  return `${parts.join(' ')}\n`;
}

function colourOf(task: string, colors: Colors): (text: string) => string {
  const palette = [colors.cyan, colors.green, colors.yellow, colors.magenta, colors.blue];
  let sum = 0;
  for (const char of task) sum += char.charCodeAt(0);
  return palette[sum % palette.length] as (text: string) => string;
}
