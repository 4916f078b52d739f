import { setMaxListeners } from 'node:events';
import { type Bus, throwIfAborted } from '@gantry/core';
import type { TaskStats } from '@gantry/core/api';
import { messages, type Subjects } from '@gantry/core/protocol';

const CALL_MS = 5000;

/** Requests the resource usage of tasks from these nodes concurrently; omits nodes that do not answer. */
export async function nodeStats(
  bus: Bus,
  subjects: Subjects,
  nodes: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly TaskStats[]> {
  // Each node has its listener on a derived signal, so the caller's signal has only one.
  const asked = AbortSignal.any(signal === undefined ? [] : [signal]);
  setMaxListeners(0, asked);
  const options = { timeoutMs: CALL_MS, signal: asked };
  const answers = await Promise.allSettled(
    nodes.map(async (node) => {
      const { stats } = messages.statsReply(
        await bus.request(subjects.agent(node), { op: 'stats' }, options),
      );
      return stats.map((each) => ({ ...each, node }));
    }),
  );
  throwIfAborted(signal);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}
