import { type Node, parseId } from '@gantry/core/model';
import { allPages } from '../cluster/all-pages.ts';
import { sumBy, type TaskUsage, usageBetween } from '../cluster/usage.ts';
import type { Output } from '../io/io.ts';
import { parseDuration } from '../output/duration.ts';
import { parseFormat, renderData } from '../output/format.ts';
import { inNaturalOrder } from '../output/natural-order.ts';
import { usage } from '../output/problem.ts';
import { showBytes, showCpu, showShare } from '../output/quantity.ts';
import { renderTable } from '../output/table.ts';
import type { Cx } from '../session.ts';
import type { Define, Run } from './entry.ts';

interface Options {
  readonly interval: string;
  readonly watch?: boolean;
  readonly sortBy?: string;
  readonly allNamespaces?: boolean;
  readonly output?: string;
  readonly headers: boolean;
}

interface Row {
  readonly name: string;
  readonly node?: string;
  readonly cpu: number;
  readonly memory: number;
  readonly tasks?: number;
  readonly capacity?: Node['status']['capacity'];
}

interface LiveOptions {
  readonly plain?: boolean;
  readonly watch?: boolean;
  readonly interval: string;
}

/** Defines `gantry top`, `gantry top nodes|tasks`. */
export const top: Define = (command, act) => {
  command
    .option('--plain', 'print tables instead of the live view (default: if this is not a terminal)')
    .option('-w, --watch', 'with --plain, repeat the measurement until interrupted')
    .option('--interval <duration>', 'with --plain, time between the two measurements', '1s')
    .action(act<[], LiveOptions>((cx, _, options) => showLive(cx, options)));
  const sub = (name: string, summary: string) =>
    command
      .command(name)
      .description(summary)
      .argument('[names...]', 'only these')
      .option('--interval <duration>', 'time between the two measurements that give the CPU rate', '1s')
      .option('-w, --watch', 'repeat the measurement until interrupted')
      .option('--sort-by <what>', 'cpu or memory, the highest first (default: by name)')
      .option('-o, --output <format>', 'json, yaml, name, jsonpath=TEMPLATE')
      .option('--no-headers', 'omit the header row');
  sub('nodes', 'Show what the tasks of each node use')
    .alias('node')
    .action(
      act<[string[]], Options>(
        repeated(async (cx, [names], options) => showNodes(cx, names, options, await measure(cx, options))),
      ),
    );
  sub('tasks', 'Show what each task uses')
    .alias('task')
    .option('-A, --all-namespaces', 'of every namespace')
    .action(
      act<[string[]], Options>(
        repeated(async (cx, [names], options) => showTasks(cx, names, options, await measure(cx, options))),
      ),
    );
};

/** Shows the live view on a terminal; elsewhere, or with `--plain`, prints the tables of nodes and tasks. */
async function showLive(cx: Cx, options: LiveOptions): Promise<number | undefined> {
  const { stdin, stdout, env } = cx.io;
  if (options.plain !== true && stdin.isTTY && stdout.isTTY && env.TERM !== 'dumb') {
    return (await import('../top/live-top.ts')).liveTop(cx);
  }
  const run = repeated(async (kept, _, chosen) => {
    const measured = await measure(kept, chosen);
    await showNodes(kept, [], chosen, measured);
    kept.print('');
    await showTasks(kept, [], chosen, measured);
  });
  const allNamespaces = cx.globals.namespace === undefined;
  await run(cx, [[]], { ...options, allNamespaces, headers: true });
  return undefined;
}

async function showNodes(
  cx: Cx,
  names: readonly string[],
  options: Options,
  measured: readonly TaskUsage[],
): Promise<void> {
  const used = sumBy(measured, ({ node }) => node);
  const { items } = await allPages(await cx.api(), 'node', { signal: cx.signal });
  const rows = items.map(({ meta, status }): Row => {
    const { cpu = 0, memory = 0, tasks = 0 } = used.get(meta.name) ?? {};
    return { name: meta.name, cpu, memory, tasks, capacity: status.capacity };
  });
  await show(cx, 'node', names, rows, options);
}

async function showTasks(
  cx: Cx,
  names: readonly string[],
  options: Options,
  measured: readonly TaskUsage[],
): Promise<void> {
  const { namespace } = await cx.target();
  const rows = measured
    .filter(({ task }) => options.allNamespaces === true || parseId(task).namespace === namespace)
    .map(({ task, node, cpu, memory }): Row => {
      const name = options.allNamespaces === true ? task : parseId(task).name;
      return { name, node, cpu, memory };
    });
  await show(cx, 'task', names, rows, options);
}

/** With `--watch`, prints the table repeatedly; on a terminal each one replaces the previous one. */
function repeated(once: Run<[string[]], Options>): Run<[string[]], Options> {
  return async (cx, operands, options) => {
    if (options.watch !== true) return once(cx, operands, options);
    const format = parseFormat(options.output);
    for (let first = true; !cx.signal.aborted; first = false) {
      const { stdout } = cx.io;
      let text = '';
      const write = (part: string): void => {
        text += part;
      };
      const kept: Cx = {
        ...cx,
        io: { ...cx.io, stdout: outputTo(stdout, write) },
        print: (line) => write(`${line}\n`),
      };
      await once(kept, operands, options);
      if (stdout.isTTY && format.type === 'table') stdout.write(`${CLEAR}${text}`);
      else stdout.write(first || format.type !== 'table' ? text : `\n${text}`);
    }
    return undefined;
  };
}

/** Clears the screen and the scrollback, and moves the cursor to the upper left corner. */
const CLEAR = '\u001b[H\u001b[2J\u001b[3J';

function outputTo(output: Output, write: (text: string) => void): Output {
  return {
    write,
    get isTTY() {
      return output.isTTY;
    },
    get columns() {
      return output.columns;
    },
    get rows() {
      return output.rows;
    },
  };
}

async function measure(cx: Cx, { interval }: Options): Promise<TaskUsage[]> {
  const ms = parseDuration(interval, '--interval');
  if (ms < 50) throw usage('--interval: expected at least 50ms');
  const api = await cx.api();
  const first = await api.stats({ signal: cx.signal });
  await (await cx.clock()).sleep(ms, cx.signal);
  return usageBetween(first, await api.stats({ signal: cx.signal }));
}

async function show(
  cx: Cx,
  kind: string,
  names: readonly string[],
  rows: readonly Row[],
  options: Options,
): Promise<void> {
  const wanted = names.length === 0 ? rows : rows.filter(({ name }) => names.includes(name));
  const sorted = sort(wanted, options.sortBy);
  const format = parseFormat(options.output);
  if (format.type !== 'table') {
    const ids = (): string[] => sorted.map(({ name }) => `${kind}/${name}`);
    cx.io.stdout.write(await renderData(format, { items: sorted }, ids));
    return;
  }
  if (sorted.length === 0) cx.note(kind === 'node' ? 'No nodes.' : 'No running tasks.');
  else
    cx.io.stdout.write(renderTable(kind === 'node' ? nodeRows(sorted, options) : taskRows(sorted, options)));
}

function sort(rows: readonly Row[], by: string | undefined): Row[] {
  if (by === undefined) return inNaturalOrder(rows, ({ name }) => name);
  if (by !== 'cpu' && by !== 'memory') throw usage(`--sort-by: expected cpu or memory, got "${by}"`);
  return rows.toSorted((a, b) => b[by] - a[by]);
}

function nodeRows(rows: readonly Row[], { headers }: Options): string[][] {
  const cells = rows.map(({ name, cpu, memory, tasks = 0, capacity }) => [
    name,
    showCpu(cpu),
    showShare(cpu, capacity?.cpu),
    showBytes(memory),
    showShare(memory, capacity?.memory),
    String(tasks),
  ]);
  return headers ? [['NAME', 'CPU', 'CPU%', 'MEMORY', 'MEMORY%', 'TASKS'], ...cells] : cells;
}

function taskRows(rows: readonly Row[], { headers }: Options): string[][] {
  const cells = rows.map(({ name, node = '', cpu, memory }) => [name, node, showCpu(cpu), showBytes(memory)]);
  return headers ? [['NAME', 'NODE', 'CPU', 'MEMORY'], ...cells] : cells;
}
