import { styleText } from 'node:util';
import type { ClusterApi } from '@gantry/core/api';
import type { Task } from '@gantry/core/model';
import { createLogUpdate } from 'log-update';
import type { Traffic } from './traffic.ts';

const FRAME_MS = 100;
const EVENTS = 5;

export interface Result {
  readonly title: string;
  readonly measured: string;
}

/** Shows what the demo does. */
export interface View {
  begin(title: string): void;
  done(result: Result): void;
  note(text: string): void;
  watch(api: ClusterApi, traffic: Traffic | undefined): void;
  end(): void;
}

export function plainView(): View {
  return {
    begin: (title) => console.log(`… ${title}`),
    done: ({ title, measured }) => console.log(`✓ ${title}: ${measured}`),
    note: (text) => console.log(`  ${text}`),
    watch: () => {},
    end: () => {},
  };
}

/** A live picture of nodes, tasks and events, redrawn a few times a second. */
export function liveView(): View {
  const draw = createLogUpdate(process.stdout, { showCursor: false });
  const results: Result[] = [];
  let current = '';
  let timer: NodeJS.Timeout | undefined;
  let last: string[] = [];
  const lines = (cluster: readonly string[]): string =>
    [
      styleText('bold', 'Gantry'),
      '',
      ...results.map(
        ({ title, measured }) => `${styleText('green', '✓')} ${title} ${styleText('dim', measured)}`,
      ),
      ...(current === '' ? [] : [`${styleText('yellow', '…')} ${current}`]),
      '',
      ...cluster,
    ].join('\n');
  return {
    begin: (title) => {
      current = title;
      draw(lines(last));
    },
    done: (result) => {
      results.push(result);
      current = '';
      draw(lines(last));
    },
    note: () => {},
    watch: (api, traffic) => {
      const frame = async (): Promise<void> => {
        last = await clusterLines(api, traffic).catch(() => last);
        if (timer !== undefined) draw(lines(last));
      };
      timer = setInterval(() => void frame(), FRAME_MS);
    },
    end: () => {
      clearInterval(timer);
      timer = undefined;
      draw(lines([]));
      draw.done();
    },
  };
}

async function clusterLines(api: ClusterApi, traffic: Traffic | undefined): Promise<string[]> {
  const [nodes, tasks, events] = await Promise.all([api.list('node'), api.list('task'), api.list('event')]);
  const live = tasks.items.filter(
    ({ status }) => !['shutdown', 'failed', 'complete', 'rejected'].includes(status.state),
  );
  const rows = nodes.items.map(({ meta, spec, status }) => {
    const here = live.filter((task) => task.spec.node === meta.name);
    const state = spec.availability === 'active' ? status.state : spec.availability;
    return `  ${meta.name.padEnd(8)} ${state.padEnd(7)} ${here.map(badge).join(' ')}`;
  });
  const newest = events.items.toSorted((a, b) => b.spec.lastAt - a.spec.lastAt).slice(0, EVENTS);
  const told = newest.map(({ spec }) =>
    styleText(spec.type === 'warning' ? 'yellow' : 'dim', `  ${spec.regarding.name}: ${spec.message}`),
  );
  const requests =
    traffic === undefined
      ? []
      : [
          `  requests ${traffic.ok} ok, ${styleText(traffic.failures.length > 0 ? 'red' : 'dim', `${traffic.failures.length} failed`)}`,
        ];
  return [...rows, LEGEND, '', ...requests, '', ...told];
}

/** What the signs of {@link badge} mean. */
const LEGEND = `  ${styleText('green', '●')} ready  ${styleText('yellow', '○')} not ready  ${styleText('dim', '↓')} stopping`;

function badge({ meta, spec, status }: Task): string {
  const name = meta.name.split('.').slice(0, 2).join('.');
  if (spec.desired === 'shutdown') return styleText('dim', `${name}↓`);
  return status.ready ? styleText('green', `${name}●`) : styleText('yellow', `${name}○`);
}
