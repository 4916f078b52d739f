import { constants } from 'node:os';
import type { Clock } from '@gantry/core';
import { FakeMachine } from './machine.ts';

/**
 * The machines of all nodes. When passed to `fakeRuntime({ world })`, it keeps tasks running while agents, and whole
 * clusters, come and go.
 */
export class FakeWorld {
  readonly #machines = new Map<string, FakeMachine>();
  readonly #tally = new Map<string, number>();

  /** @internal */
  machine(node: string): FakeMachine {
    let machine = this.#machines.get(node);
    if (machine === undefined) {
      machine = new FakeMachine(node, this.#tally);
      this.#machines.set(node, machine);
    }
    return machine;
  }

  /** Ids of the tasks that currently run on a machine, whether or not any agent knows them. */
  running(node: string): readonly string[] {
    return [...(this.#machines.get(node)?.workloads ?? [])]
      .filter(([, { status }]) => status.state === 'running')
      .map(([task]) => task);
  }

  /** Ends a running task by SIGSEGV; has no effect on one that does not run. */
  crash(node: string, task: string, clock: Clock): void {
    const machine = this.#machines.get(node);
    const workload = machine?.workloads.get(task);
    if (workload?.status.state !== 'running') return;
    machine?.exit(workload, clock, 128 + constants.signals.SIGSEGV, 'SIGSEGV');
  }

  /** A machine loses its power: all its tasks are gone, without any event. */
  lose(node: string): void {
    this.#machines.get(node)?.lose();
  }

  /** Every machine loses its power; cancels all timers. */
  clear(): void {
    for (const machine of this.#machines.values()) machine.lose();
    this.#tally.clear();
  }
}
