import { idOf } from '@gantry/core/model';
import { type LogsOptions, showLogsOf, type Workload } from '../actions/show-logs.ts';
import { allPages } from '../cluster/all-pages.ts';
import { parseWorkload } from '../cluster/refs.ts';
import { CliError, usage } from '../output/problem.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

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
