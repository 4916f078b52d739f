import type { Kind } from '@gantry/core/model';
import { describeObject } from '../describe/describe-object.ts';
import { renderYaml } from '../output/format.ts';
import { linePrinter } from '../output/line-printer.ts';
import { problemOf } from '../output/problem.ts';
import { renderExplained } from '../output/render-explanation.ts';
import { safe } from '../output/safe-text.ts';
import type { Cx } from '../session.ts';
import { plainLine } from './plain-text.ts';
import type { Page } from './ui-state.ts';
import type { ViewKind } from './view-kinds.ts';

/** Maximum number of log lines that are kept; the oldest are dropped. */
const MAX_LINES = 5000;
/** Number of lines from the end of each task's log with which it begins. */
const TAIL = 200;
/** Delay before a lost log is reopened, in ms. */
const RECONNECT_MS = 1000;
/** Maximum number of tasks and of events in a description. */
const LIMIT = 50;

/** An update of a page; absent lines are left unchanged. */
export type PageChange = Partial<Pick<Page, 'lines'>> & Pick<Page, 'note'>;

/** Loads a page; `show` receives its lines, for logs repeatedly until the signal fires. */
export async function loadPage(
  cx: Cx,
  page: Page,
  signal: AbortSignal,
  show: (change: PageChange) => void,
): Promise<void> {
  const { of, kind, id } = page;
  if (kind === undefined || id === undefined) return;
  try {
    if (of === 'logs') await followLogs({ ...cx, signal }, kind, id, show);
    else show({ lines: linesOf(await textOf({ ...cx, signal }, of, kind, id)), note: undefined });
  } catch (error) {
    if (signal.aborted) return;
    const { code, message } = problemOf(error);
    show({ note: `${code} ${message}` });
  }
}

const linesOf = (text: string): string[] => text.trimEnd().split('\n').map(safe);

async function textOf(cx: Cx, of: Page['of'], kind: ViewKind, id: string): Promise<string> {
  const api = await cx.api();
  const { signal } = cx;
  if (of === 'explain') return renderExplained(await api.explain(kind as 'task', id, { signal }), cx.colors);
  const object = await api.get(kind as Kind, id, { signal });
  if (of === 'yaml') return renderYaml(object);
  const now = (await cx.clock()).now();
  return describeObject(cx, object, { now, colors: cx.colors, limit: LIMIT });
}

/** Streams the lines of a log; after a lost connection, it resumes where it stopped. */
async function followLogs(
  cx: Cx,
  kind: ViewKind,
  id: string,
  show: (change: PageChange) => void,
): Promise<void> {
  const { signal } = cx;
  const [api, clock] = await Promise.all([cx.api(), cx.clock()]);
  const print = linePrinter({ prefix: kind === 'service' }, cx.colors);
  const of = kind === 'task' ? { task: id } : { service: id };
  let lines: readonly string[] = [];
  let last: number | undefined;
  show({ lines, note: undefined });
  while (!signal.aborted) {
    const from = last === undefined ? { tail: TAIL } : { since: last + 1 };
    try {
      for await (const batch of api.logs(of, { follow: true, ...from, signal })) {
        const added = batch.map((line) => print({ ...line, text: plainLine(line.text) }).trimEnd());
        last = batch.reduce((latest, { time }) => Math.max(latest, time), last ?? 0);
        lines = [...lines, ...added].slice(-MAX_LINES);
        show({ lines, note: undefined });
      }
      if (!signal.aborted) show({ note: `the ${kind} has ended: no more lines will follow` });
      return;
    } catch (error) {
      const { code, message } = problemOf(error);
      if (signal.aborted || !['UNAVAILABLE', 'TIMEOUT', 'CLOSED'].includes(code)) throw error;
      show({ note: `connection lost, reconnecting: ${message}` });
      await clock.sleep(RECONNECT_MS, signal).catch(() => undefined);
    }
  }
}
