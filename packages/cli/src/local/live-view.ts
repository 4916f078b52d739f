import { clearScreenDown, cursorTo, moveCursor } from 'node:readline';
import { Writable } from 'node:stream';
import type { Event, Node, Service } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import { columnsOf, rowsOf } from '../columns/index.ts';
import type { Output } from '../io/io.ts';
import type { Colors } from '../output/colors.ts';
import { showAge } from '../output/duration.ts';
import { safe } from '../output/safe-text.ts';
import { renderTable } from '../output/table.ts';
import type { Cx } from '../session.ts';
import type { LocalCluster } from './start-cluster.ts';

export interface ViewData {
  readonly title: string;
  readonly nodes: readonly Node[];
  readonly services: readonly Service[];
  readonly events: readonly Event[];
  readonly now: number;
}

const REDRAW_MS = 500;
const EVENTS = 6;

/** Renders the current state of a cluster in `rows` lines of `columns` columns. */
export function renderView(data: ViewData, colors: Colors, rows: number, columns: number): string[] {
  const ready = data.nodes.filter(({ status }) => status.state === 'ready').length;
  const context = { now: data.now, colors };
  const choice = {
    wide: false,
    namespaces: data.services.some(({ meta }) => (meta.namespace ?? 'default') !== 'default'),
  };
  const services =
    data.services.length === 0
      ? [colors.dim('no services yet: gantry apply -f FILE, or gantry service create …')]
      : lines(renderTable(rowsOf(data.services, columnsOf('service', choice), context)));
  const events = data.events
    .slice(-EVENTS)
    .map(
      ({ spec }) =>
        `${showAge(data.now - spec.lastAt).padStart(5)}  ${spec.regarding.kind}/${spec.regarding.name}  ${spec.reason}: ${spec.message}`,
    );
  const head = [
    colors.bold(data.title),
    `${ready} of ${counted(data.nodes.length, 'node is', 'nodes are')} ready`,
    '',
  ];
  const tail = events.length === 0 ? [] : ['', colors.dim('what happened last'), ...events];
  const space = Math.max(1, rows - head.length - tail.length - 2);
  const body =
    services.length <= space
      ? services
      : [...services.slice(0, space - 1), `… and ${services.length - space + 1} more`];
  return [...head, ...body, ...tail].map((line) => cut(line, columns));
}

const lines = (text: string): string[] => text.trimEnd().split('\n');

/** Truncates a line: longer ones would wrap and be miscounted. Colours have no width. */
function cut(line: string, columns: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are escape sequences
  const parts = line.split(/(\u001b\[\d+m)/);
  let left = columns;
  return parts
    .map((part) => {
      if (part.startsWith('\u001b')) return part;
      const shown = part.slice(0, Math.max(0, left));
      left -= part.length;
      return shown;
    })
    .join('');
}

/** Redraws the cluster in place until the signal fires. */
export async function liveView(
  cx: Cx,
  cluster: LocalCluster,
  title: string,
  signal: AbortSignal,
): Promise<void> {
  const clock = await cx.clock();
  const { stdout } = cx.io;
  const screen = screenOf(stdout);
  let drawn = 0;
  while (!signal.aborted) {
    const [nodes, services, events] = await Promise.all([
      cluster.api.list('node', { limit: 1000 }),
      cluster.api.list('service', { limit: 200 }),
      cluster.api.list('event').then(({ items }) => items.toSorted((a, b) => a.spec.lastAt - b.spec.lastAt)),
    ]);
    const data = { title, nodes: nodes.items, services: services.items, events, now: clock.now() };
    const view = renderView(data, cx.colors, stdout.rows, stdout.columns);
    if (drawn > 0) moveCursor(screen, 0, -drawn);
    cursorTo(screen, 0);
    clearScreenDown(screen);
    stdout.write(`${view.join('\n')}\n`);
    drawn = view.length;
    await clock.sleep(REDRAW_MS, signal).catch(() => undefined);
  }
}

function screenOf(output: Output): Writable {
  return new Writable({
    write: (chunk, _encoding, done) => {
      output.write(String(chunk));
      done();
    },
  });
}

/** Prints a line for every event until the signal fires. */
export async function eventLines(cx: Cx, cluster: LocalCluster, signal: AbortSignal): Promise<void> {
  const { revision } = await cluster.api.list('event', { limit: 1 });
  try {
    for await (const batch of cluster.api.watch('event', { since: revision, signal })) {
      for (const { type, object } of batch) {
        if (type === 'deleted') continue;
        const { lastAt, regarding, reason, message } = object.spec;
        const line = `${regarding.kind}/${regarding.name} ${reason}: ${message}`;
        cx.print(`${new Date(lastAt).toISOString()} ${safe(line)}`);
      }
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
