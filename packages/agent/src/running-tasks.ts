import { type Clock, GantryError, type NodeInfo, type Runtime } from '@gantry/core';
import type { StatsReply } from '@gantry/core/protocol';
import type { TaskFacts } from './streams.ts';
import type { TaskRunner } from './task-runner.ts';

type Runners = ReadonlyMap<string, TaskRunner>;

/** Where a port of a task is reached from this node. @throws `NOT_FOUND` unless it runs here. */
export function addressOf(
  runners: Runners,
  node: string,
  task: string,
  port: number,
): { address: string; port: number } {
  const runner = runners.get(task);
  if (runner?.status.state === 'running') return runner.addressOf(port);
  throw new GantryError('NOT_FOUND', `task ${task} does not run on node ${node}`);
}

/** What running tasks use; those of which the runtime cannot tell are left out. */
export async function statsOf(
  runners: Runners,
  runtime: Runtime,
  clock: Clock,
): Promise<StatsReply['stats']> {
  const running = [...runners.values()].filter(({ status }) => status.state === 'running');
  const looks = await Promise.allSettled(running.map(({ name }) => runtime.stats?.(name)));
  return looks.flatMap((look, index) => {
    const task = running[index]?.name;
    if (look.status === 'rejected' || look.value === undefined || task === undefined) return [];
    return [{ task, time: clock.now(), ...look.value }];
  });
}

/** What streams ask of the tasks of a node. */
export function factsOf(
  runners: Runners,
  { node, runtime, clock }: { readonly node: NodeInfo; readonly runtime: Runtime; readonly clock: Clock },
): TaskFacts {
  return {
    addressOf: (task, port) => addressOf(runners, node.name, task, port),
    stats: () => statsOf(runners, runtime, clock),
  };
}
