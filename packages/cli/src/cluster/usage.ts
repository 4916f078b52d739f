import type { TaskStats } from '@gantry/core/api';

/** Resource usage of a task. */
export interface TaskUsage {
  readonly task: string;
  readonly node: string;
  /** Millicores, averaged between two samples. */
  readonly cpu: number;
  /** In bytes. */
  readonly memory: number;
}

/** Computes the rates between two samples; tasks that are missing in one of them are omitted. */
export function usageBetween(first: readonly TaskStats[], second: readonly TaskStats[]): TaskUsage[] {
  const before = new Map(first.map((stats) => [stats.task, stats]));
  return second.flatMap(({ task, node, time, cpuMs, memory }) => {
    const earlier = before.get(task);
    if (earlier === undefined || time <= earlier.time) return [];
    const cpu = (Math.max(0, cpuMs - earlier.cpuMs) / (time - earlier.time)) * 1000;
    return [{ task, node, cpu, memory }];
  });
}

/** Sums usage by a key. */
export function sumBy(
  usage: readonly TaskUsage[],
  key: (usage: TaskUsage) => string,
): Map<string, { cpu: number; memory: number; tasks: number }> {
  const sums = new Map<string, { cpu: number; memory: number; tasks: number }>();
  for (const each of usage) {
    const sum = sums.get(key(each)) ?? { cpu: 0, memory: 0, tasks: 0 };
    sum.cpu += each.cpu;
    sum.memory += each.memory;
    sum.tasks += 1;
    sums.set(key(each), sum);
  }
  return sums;
}
