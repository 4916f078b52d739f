import type { Runtime } from '@gantry/core';
import type { RuntimeTask } from '@gantry/core/contracts';
import type { TaskState } from '@gantry/core/model';
import type { Assignment } from '@gantry/core/protocol';
import { silentLogger } from '@gantry/testing';
import { expect, test } from 'vitest';
import { stopRevived } from '../src/stop-revived.ts';

const assignment = (name: string, state: TaskState): Assignment => ({
  name,
  service: 'web',
  slot: '1',
  template: 't',
  desired: 'running',
  drained: false,
  status: { state, since: 0, ready: false },
});

test('only what runs although its task has ended is stopped, at once', async () => {
  const stopped: [string, number][] = [];
  const runtime = {
    stop: async (task: string, { graceMs }: { graceMs: number }) => void stopped.push([task, graceMs]),
  } as unknown as Runtime;
  const states: readonly [string, TaskState, RuntimeTask['state']][] = [
    ['revived', 'failed', 'running'],
    ['ended', 'failed', 'exited'],
    ['runs', 'running', 'running'],
    ['complete-and-revived', 'complete', 'running'],
  ];
  const present = new Map(states.map(([task, , state]) => [task, { task, id: task, state }]));
  const assignments = [
    ...states.map(([name, state]) => assignment(name, state)),
    assignment('gone', 'failed'),
  ];
  await stopRevived({ runtime, logger: silentLogger }, assignments, present);
  expect(stopped).toEqual([
    ['revived', 0],
    ['complete-and-revived', 0],
  ]);
});
