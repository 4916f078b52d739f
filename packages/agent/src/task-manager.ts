import { type Network, toGantryError } from '@gantry/core';
import type { RuntimeTask } from '@gantry/core/contracts';
import { isFinal, type NetworkSpec, type TemplateSpec } from '@gantry/core/model';
import type { Assignment, PullReply } from '@gantry/core/protocol';
import { setups } from './lifecycle/setup.ts';
import { ImageNeed } from './needs/image-need.ts';
import { NetworkNeed } from './needs/network-need.ts';
import { refusals } from './refusal.ts';
import type { Reporter } from './reporter.ts';
import { resync } from './resync.ts';
import { stopRevived } from './stop-revived.ts';
import { type RunnerParts, TaskRunner } from './task-runner.ts';
import { withPorts } from './with-ports.ts';

export interface TaskManagerParts extends Pick<RunnerParts, 'runtime' | 'clock' | 'logger'> {
  readonly node: string;
  readonly network: Network;
  readonly reporter: Reporter;
  /** The longest grace of a task that is removed, ms. */
  readonly removalGraceMs: number;
}

/** The tasks of a node: gives each assignment a runner, and removes what is not assigned. */
export class TaskManager {
  readonly #parts: TaskManagerParts;
  readonly #runnerParts: RunnerParts;
  readonly #runners = new Map<string, TaskRunner>();
  /** Tasks that had ended when they were assigned, and are kept until the control plane forgets them. */
  readonly #ended = new Set<string>();
  readonly #networks = new Map<string, NetworkSpec>();

  constructor(parts: TaskManagerParts) {
    this.#parts = parts;
    const { runtime, network, clock, logger, reporter } = parts;
    const needs = [new NetworkNeed(network, (name) => this.#networks.get(name)), new ImageNeed(runtime)];
    const refusalOf = refusals(runtime, network);
    this.#runnerParts = { runtime, clock, logger, reporter, needs, setupOf: setups(needs), refusalOf };
  }

  get runners(): ReadonlyMap<string, TaskRunner> {
    return this.#runners;
  }

  /** Brings the tasks in line with what the control plane has assigned. */
  async apply(reply: PullReply): Promise<void> {
    for (const [name, spec] of Object.entries(reply.networks)) this.#networks.set(name, spec);
    const present = reply.full ? await this.#removeLeftovers(reply) : undefined;
    this.forget(reply.removed);
    for (const assignment of reply.assignments) {
      const template = reply.templates[assignment.template];
      this.#assign(withPorts(assignment, present?.get(assignment.name)), template);
    }
  }

  /** Removes tasks that the control plane no longer knows: nothing of them stays. */
  forget(tasks: readonly string[]): void {
    const { logger, node } = this.#parts;
    for (const task of tasks) {
      this.#remove(task).catch((error: unknown) => {
        logger.warn('failed to remove a task', { node, task, error: toGantryError(error) });
      });
    }
  }

  /** Takes in state changes of the runtime. */
  onChange(batch: readonly RuntimeTask[]): void {
    for (const state of batch) this.#runners.get(state.task)?.onRuntime(state);
  }

  /** Takes in everything that the runtime has. */
  onList(present: readonly RuntimeTask[]): void {
    resync(this.#runners.values(), present);
  }

  /** Leaves all tasks as they are, running or not. */
  abandonAll(): void {
    for (const runner of this.#runners.values()) runner.abandon();
  }

  /** Stops and removes the tasks that run here, and returns the errors. */
  async destroyAll(): Promise<readonly unknown[]> {
    const runners = [...this.#runners.values()];
    this.#runners.clear();
    return errorsOf(runners.map((runner) => runner.destroy(this.#parts.removalGraceMs)));
  }

  /** Removes all tasks, including the leftovers of those that have ended, and returns the errors. */
  async close(): Promise<readonly unknown[]> {
    const ended = [...this.#ended].filter((task) => !this.#runners.has(task));
    const removed = errorsOf(ended.map((task) => this.#parts.runtime.remove(task)));
    return [...(await this.destroyAll()), ...(await removed)];
  }

  /** What runs here and is not assigned was left by an earlier cluster, or its service is gone. */
  async #removeLeftovers({ assignments }: PullReply): Promise<ReadonlyMap<string, RuntimeTask>> {
    const { runtime, logger, node } = this.#parts;
    const assigned = new Set(assignments.map(({ name }) => name));
    const present = new Map((await runtime.list()).map((state) => [state.task, state]));
    await stopRevived({ runtime, logger }, assignments, present);
    const known = new Set([...present.keys(), ...this.#runners.keys()]);
    const leftovers = [...known].filter((task) => !assigned.has(task));
    await Promise.all(
      leftovers.map((task) => {
        logger.info('removing a leftover task', { node, task });
        return this.#remove(task);
      }),
    );
    return present;
  }

  #assign(assignment: Assignment, template: TemplateSpec | undefined): void {
    const known = this.#runners.get(assignment.name);
    if (known !== undefined) {
      known.update(assignment);
      return;
    }
    if (isFinal(assignment.status.state)) {
      this.#ended.add(assignment.name);
      return;
    }
    if (template === undefined) return; // it follows with a later revision
    const runner = new TaskRunner(this.#runnerParts, assignment, template);
    this.#runners.set(assignment.name, runner);
    runner.start();
  }

  async #remove(task: string): Promise<void> {
    const { runtime, network, reporter, removalGraceMs } = this.#parts;
    const runner = this.#runners.get(task);
    this.#runners.delete(task);
    this.#ended.delete(task);
    reporter.forget(task);
    if (runner !== undefined) {
      await runner.destroy(removalGraceMs);
      return;
    }
    await runtime.remove(task);
    await network.detach(task);
  }
}

async function errorsOf(calls: readonly Promise<unknown>[]): Promise<readonly unknown[]> {
  const results = await Promise.allSettled(calls);
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
}
