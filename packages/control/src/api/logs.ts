import { setMaxListeners } from 'node:events';
import { type Bus, isGantryError } from '@gantry/core';
import type { LogLine, LogOptions } from '@gantry/core/api';
import type { RuntimeLogLine, View } from '@gantry/core/contracts';
import { idOf, isFinal, type Service, type Task } from '@gantry/core/model';
import type { Subjects } from '@gantry/core/protocol';
import { AgentStream } from './agent-stream.ts';

/** The lines of one task, from its node. */
export async function* taskLogs(
  bus: Bus,
  subjects: Subjects,
  task: Task,
  options: LogOptions,
): AsyncIterable<readonly LogLine[]> {
  const { node } = task.spec;
  if (node === undefined) return;
  const request = {
    op: 'logs' as const,
    task: idOf(task.meta),
    follow: options.follow === true,
    ...(options.tail === undefined ? {} : { tail: options.tail }),
    ...(options.since === undefined ? {} : { since: options.since }),
  };
  const stream = await AgentStream.open(bus, subjects.agent(node), request, options.signal);
  try {
    for (;;) {
      const { items, done } = await stream.read<RuntimeLogLine>(options.signal);
      if (items.length > 0) yield items.map((line) => ({ task: idOf(task.meta), node, ...line }));
      if (done) return;
    }
  } catch (error) {
    if (options.signal?.aborted) return;
    throw error;
  } finally {
    await stream.close();
  }
}

/** The previous attempt of a task, or of each of the newest tasks of a service, in the same slot. */
export function previousTasks(tasks: View<'task'>, of: Task | Service): readonly Task[] {
  const service = of.kind === 'task' ? of.spec.service : idOf(of.meta);
  const slots = new Map<string, Task[]>();
  for (const { value } of tasks.by('service', service)) {
    if (of.kind === 'task' && (value.spec.slot !== of.spec.slot || value.spec.attempt >= of.spec.attempt))
      continue;
    slots.set(value.spec.slot, [...(slots.get(value.spec.slot) ?? []), value]);
  }
  return [...slots.values()].flatMap((attempts) => {
    const sorted = attempts.toSorted((a, b) => b.spec.attempt - a.spec.attempt);
    const previous = sorted[of.kind === 'task' ? 0 : 1];
    return previous === undefined ? [] : [previous];
  });
}

/**
 * The lines of all tasks of a service as they arrive; when following, also of replacement tasks. A task whose node does
 * not answer, or that has not started, does not stop the others.
 */
export async function* serviceLogs(
  bus: Bus,
  subjects: Subjects,
  tasks: View<'task'>,
  service: string,
  options: LogOptions,
): AsyncIterable<readonly LogLine[]> {
  const queue: (readonly LogLine[])[] = [];
  const seen = new Set<string>();
  const stop = new AbortController();
  setMaxListeners(0, stop.signal); // one for each task
  let open = 0;
  let wake = (): void => {};
  let drained = (): void => {};
  const onAbort = (): void => stop.abort();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  stop.signal.addEventListener('abort', () => {
    wake();
    drained();
  });

  const pump = async (task: Task, late: boolean): Promise<void> => {
    open++;
    try {
      const { tail: _all, ...all } = options;
      for await (const lines of taskLogs(bus, subjects, task, {
        ...(late ? all : options),
        signal: stop.signal,
      })) {
        queue.push(lines);
        wake();
        while (queue.length > 64 && !stop.signal.aborted) {
          await new Promise<void>((resolve) => {
            drained = resolve;
          });
        }
      }
    } catch (error) {
      if (!isGantryError(error, 'NOT_FOUND', 'UNAVAILABLE', 'TIMEOUT', 'ABORTED')) throw error;
    } finally {
      open--;
      wake();
    }
  };
  let failed: { readonly error: unknown } | undefined;
  const consider = (task: Task | undefined, late: boolean): void => {
    if (task === undefined || task.spec.service !== service || seen.has(idOf(task.meta))) return;
    const started = task.status.startedAt !== undefined || isFinal(task.status.state);
    if (task.spec.node === undefined || !started) return;
    seen.add(idOf(task.meta));
    pump(task, late).catch((error: unknown) => {
      failed = { error };
      wake();
    });
  };
  for (const { value } of tasks.by('service', service)) consider(value, false);
  const unsubscribe = options.follow
    ? tasks.subscribe((events) => {
        for (const { after } of events) consider(after?.value, true);
      })
    : () => {};
  try {
    while (!stop.signal.aborted) {
      for (let lines = queue.shift(); lines !== undefined; lines = queue.shift()) {
        drained();
        yield lines;
      }
      if (failed !== undefined) throw failed.error;
      if (options.follow !== true && open === 0) return;
      if (queue.length > 0 || stop.signal.aborted) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    unsubscribe();
    options.signal?.removeEventListener('abort', onAbort);
    stop.abort();
  }
}
