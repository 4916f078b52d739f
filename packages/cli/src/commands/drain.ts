import { isGantryError } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { isFinal, type Task } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import { allPages } from '../cluster/all-pages.ts';
import { parseDuration, showDuration } from '../output/duration.ts';
import { CliError } from '../output/problem.ts';
import { openProgress } from '../output/progress.ts';
import type { Cx } from '../session.ts';
import { nodeName, setAvailability } from './cordon.ts';
import type { Define } from './entry.ts';

interface Options {
  readonly timeout?: string;
  readonly wait: boolean;
}

/** Defines `gantry drain NODE…`. */
export const drain: Define = (command, act) => {
  command
    .argument('<nodes...>', 'names of nodes')
    .option('--timeout <duration>', 'give up waiting after DURATION')
    .option('--no-wait', 'do not wait until the tasks are gone')
    .action(
      act<[string[]], Options>(async (cx, [words], { timeout, wait }) => {
        const timeoutMs = timeout === undefined ? undefined : parseDuration(timeout, '--timeout');
        for (const word of words) {
          const node = nodeName(word);
          await setAvailability(cx, node, 'drain');
          if (wait) await untilEmpty(cx, node, timeoutMs);
          else cx.print(`node/${node} draining`);
        }
      }),
    );
};

async function untilEmpty(cx: Cx, node: string, timeoutMs: number | undefined): Promise<void> {
  const api = await cx.api();
  const clock = await cx.clock();
  const started = clock.elapsed();
  using progress = await openProgress(cx);
  const over = new AbortController();
  const cancel = timeoutMs === undefined ? undefined : clock.after(timeoutMs, () => over.abort());
  let left = 0;
  let total = 0;
  try {
    for await (const tasks of tasksOn(api, node, AbortSignal.any([cx.signal, over.signal]))) {
      left = tasks;
      total = Math.max(total, left);
      progress.update(
        node,
        total - left,
        total,
        left === 0 ? 'no task is left' : `${counted(left, 'task is', 'tasks are')} left`,
      );
      if (left === 0) break;
    }
  } catch (error) {
    if (!over.signal.aborted) throw error;
    const hint = `it is still being drained: \`gantry get tasks -A --field-selector spec.node=${node}\``;
    throw new CliError('TIMEOUT', `node ${node}: ${left} of ${counted(total, 'task')} left`, hint);
  } finally {
    cancel?.();
  }
  progress[Symbol.dispose]();
  cx.print(
    `node/${node} drained: ${counted(total, 'task')} moved away (${showDuration(clock.elapsed() - started)})`,
  );
}

/** Yields the number of tasks of a node that have not ended, initially and after every change. */
async function* tasksOn(api: ClusterApi, node: string, signal: AbortSignal): AsyncIterable<number> {
  const fields = `spec.node=${node}`;
  const alive = new Set<string>();
  const take = ({ meta, status }: Task, gone: boolean): void => {
    if (gone || isFinal(status.state)) alive.delete(meta.uid);
    else alive.add(meta.uid);
  };
  for (;;) {
    const { items, revision } = await allPages(api, 'task', { fields, signal });
    alive.clear();
    for (const task of items) take(task, false);
    yield alive.size;
    try {
      for await (const batch of api.watch('task', { fields, since: revision, signal })) {
        for (const { type, object } of batch) take(object, type === 'deleted');
        yield alive.size;
      }
      signal.throwIfAborted();
      return;
    } catch (error) {
      if (!isGantryError(error, 'COMPACTED')) throw error;
    }
  }
}
