import type { LogLine } from '@gantry/core/api';
import { idOf } from '@gantry/core/model';
import type { LogsOptions } from '../../../actions/show-logs.ts';
import { parseCount } from '../../../input/key-values.ts';
import { parseDuration } from '../../../output/duration.ts';
import { linePrinter } from '../../../output/line-printer.ts';
import type { Cx } from '../../../session.ts';
import type { StackFiles } from '../../../stack/read-stack.ts';
import { type FileFlags, type Group, storedServices } from './group.ts';

interface Flags extends FileFlags, LogsOptions {
  readonly logPrefix: boolean;
}

/** Defines `gantry compose logs`. */
export function defineLogs({ add, act, filesOf }: Group): void {
  add('logs', 'Show the logs of the tasks of a Compose file', { short: ['p'] })
    .argument('[services...]', 'services of the file (default: all)')
    .option('-f, --follow', 'stream new lines')
    .option('--tail <lines>', 'number of lines from the end of each task, or "all"')
    .option('--since <duration>', 'print only lines of the last DURATION, such as 10m')
    .option('-t, --timestamps', 'print the time in front of each line')
    .option('--no-log-prefix', 'omit task and node')
    .action(act<[string[]], Flags>((cx, [names], flags) => logs(cx, names, filesOf(flags), flags)));
}

/** Prints the lines of several services as they arrive. */
async function logs(cx: Cx, names: readonly string[], files: StackFiles, flags: Flags): Promise<void> {
  const ids = (await storedServices(cx, files, names)).map(({ meta }) => idOf(meta));
  const api = await cx.api();
  const now = (await cx.clock()).now();
  const show = linePrinter({ prefix: flags.logPrefix, timestamps: flags.timestamps === true }, cx.colors);
  const { tail, since } = flags;
  const call = {
    follow: flags.follow,
    tail: tail === undefined || tail === 'all' ? undefined : parseCount(tail, '--tail'),
    since: since === undefined ? undefined : now - parseDuration(since, '--since'),
    signal: cx.signal,
  };
  const write = (lines: readonly LogLine[]): void => cx.io.stdout.write(lines.map(show).join(''));
  const read = async (service: string): Promise<void> => {
    for await (const lines of api.logs({ service }, call)) write(lines);
  };
  if (flags.follow === true) await Promise.all(ids.map(read));
  else for (const id of ids) await read(id);
}
