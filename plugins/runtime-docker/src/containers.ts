import { type Clock, GantryError, type Logger, toGantryError } from '@gantry/core';
import type { RuntimeTask } from '@gantry/core/contracts';
import { Feed } from '@gantry/core/primitives';
import type { ContainerInfo } from 'dockerode';
import { containerName, endOf, type Known, knownOf, LABELS, type Owner } from './container.ts';
import type { Engine } from './engine.ts';
import type { EngineEvent } from './event-stream.ts';
import { engineError, statusOf } from './failure.ts';
import { formatError } from './format-error.ts';

/** Exit code of a container that SIGKILL has ended. */
const KILLED = 137;

export interface ContainersSetup {
  readonly engine: Engine;
  readonly owner: Owner;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether a start of the task is in flight: the caller inspects it afterwards. */
  readonly isStarting: (task: string) => boolean;
}

/**
 * The containers of this node, by task, as last reported. A container is identified by its labels and its id, never by
 * its name, which may be changed by hand. The first end of a task is final: a container that is started again by hand
 * is killed.
 */
export class Containers {
  readonly feed = new Feed<RuntimeTask>();
  readonly #setup: ContainersSetup;
  /** Cache of the engine's state, kept close to it by events and lists. */
  readonly #known = new Map<string, Known>();
  readonly #outOfMemory = new Set<string>();
  #synced: Promise<unknown> | undefined;

  constructor(setup: ContainersSetup) {
    this.#setup = setup;
  }

  get(task: string): Known | undefined {
    return this.#known.get(task);
  }

  forget(task: string): void {
    this.#known.delete(task);
  }

  /** Resolves once the containers of earlier runs are known. */
  async ready(): Promise<void> {
    this.#synced ??= this.sync();
    try {
      await this.#synced;
    } catch (error) {
      this.#synced = undefined;
      throw error;
    }
  }

  /** The id of the task's container; undefined if it has none. */
  async idOf(task: string): Promise<string | undefined> {
    const known = this.#known.get(task);
    if (known !== undefined) return known.id;
    return (await this.#list(`${LABELS.task}=${task}`))[0]?.Id;
  }

  /** @throws `NOT_FOUND` if the task has no container. */
  async requireId(task: string): Promise<string> {
    const id = await this.idOf(task);
    if (id === undefined) throw new GantryError('NOT_FOUND', `docker: task "${task}" not found`);
    return id;
  }

  /** Inspects the container of one task, and reports changes. */
  async inspect(task: string, id?: string): Promise<Known | undefined> {
    const container = id ?? (await this.idOf(task));
    if (container === undefined) return undefined;
    try {
      const { engine } = this.#setup;
      const known = knownOf(await engine.calls.getContainer(container).inspect());
      this.#learn(task, await this.#explain(known));
      return this.#known.get(task);
    } catch (error) {
      if (statusOf(error) !== 404) throw engineError(error, `inspect of "${task}"`);
      if (this.#known.get(task)?.id === container) this.#known.delete(task);
      return undefined;
    }
  }

  /** Records the end of a container, unless it is recorded already. */
  async end(known: Known, exitCode: number, finishedAt: number): Promise<void> {
    const { task, id } = known.status;
    if (this.#known.get(task)?.status.state === 'exited') return;
    // The `oom` event may come after `die`, or not at all; and a short life may end before its start was seen.
    const asks = known.status.startedAt === undefined || (exitCode === KILLED && !this.#outOfMemory.has(id));
    const state = asks ? await this.#stateOf(id) : undefined;
    if (this.#known.get(task)?.status.state === 'exited') return;
    const startedAt = known.status.startedAt ?? state?.startedAt;
    const why = endOf(exitCode, this.#outOfMemory.has(id) || state?.oomKilled === true);
    const status = { task, state: 'exited' as const, id, startedAt, finishedAt, exitCode, ...why };
    this.#learn(task, await this.#explain({ ...known, status }));
  }

  /** The engine's state of a container that has ended; undefined if it is gone. */
  async #stateOf(
    id: string,
  ): Promise<{ readonly startedAt: number | undefined; readonly oomKilled: boolean } | undefined> {
    try {
      const info = await this.#setup.engine.calls.getContainer(id).inspect();
      return { startedAt: knownOf(info).status.startedAt, oomKilled: info.State.OOMKilled };
    } catch {
      return undefined;
    }
  }

  /** Compares the known state with the engine's. */
  async sync(): Promise<readonly RuntimeTask[]> {
    const before = new Map(this.#known);
    const listed = await this.#list();
    // If a task has two, for example one created by hand from its image, the known or the older one counts.
    const byTask = new Map<string, ContainerInfo>();
    for (const one of listed) {
      const task = one.Labels[LABELS.task] ?? '';
      if (!byTask.has(task) || one.Id === before.get(task)?.id) byTask.set(task, one);
    }
    const found = await Promise.all(Array.from(byTask, ([task, one]) => this.#compare(task, one)));
    for (const [task, known] of before) {
      if (byTask.has(task) || this.#known.get(task) !== known) continue;
      if (known.status.state !== 'exited') {
        const { id, startedAt } = known.status;
        const finishedAt = this.#setup.clock.now();
        const reason = 'its container is gone';
        this.feed.push({ task, state: 'exited', id, startedAt, finishedAt, reason });
      }
      this.#known.delete(task);
    }
    return found.filter((status) => status !== undefined);
  }

  onEvent({ id, action, attributes, time }: EngineEvent): void {
    const task = attributes[LABELS.task] ?? '';
    const known = this.#known.get(task);
    if (known !== undefined && known.id !== id) return;
    const again = (): void => void this.inspect(task, id).catch(() => undefined);
    if (action === 'oom') this.#outOfMemory.add(id);
    else if (action === 'destroy') {
      this.#outOfMemory.delete(id);
      this.#known.delete(task);
    } else if (action === 'die') {
      const status = known?.status ?? { task, state: 'running' as const, id };
      const node = this.#setup.owner.node;
      void this.end({ id, node, stopSignal: 'SIGTERM', status }, Number(attributes.exitCode), time);
    } else if (action === 'start') {
      if (!this.#setup.isStarting(task)) again();
    } else if (known !== undefined) again(); // paused, unpaused, its health changed
  }

  async #list(...labels: readonly string[]): Promise<readonly ContainerInfo[]> {
    const { engine, owner } = this.#setup;
    const { cluster, node } = owner;
    const filters = { label: [`${LABELS.cluster}=${cluster}`, `${LABELS.node}=${node}`, ...labels] };
    try {
      const listed = await engine.calls.listContainers({ all: true, filters });
      const named = ({ Names, Labels }: ContainerInfo): boolean =>
        Names.includes(`/${containerName(cluster, Labels[LABELS.task] ?? '')}`);
      return listed.toSorted((a, b) => Number(named(b)) - Number(named(a)) || a.Created - b.Created);
    } catch (error) {
      throw engineError(error, 'list');
    }
  }

  async #compare(
    task: string,
    { Id: id, State: state, Status: text }: ContainerInfo,
  ): Promise<RuntimeTask | undefined> {
    const known = this.#known.get(task);
    const isRunning = state === 'running' || state === 'paused';
    const now = isRunning ? 'running' : state === 'created' ? 'created' : 'exited';
    if (known?.id === id && known.status.state === now) {
      const { paused = false, health } = known.status;
      const isHealth =
        health === undefined || text.includes(health === 'starting' ? 'health:' : `(${health})`);
      if (!isRunning || (paused === (state === 'paused') && isHealth)) return known.status;
    }
    if (now === 'created') return { task, state: 'created', id };
    return (await this.inspect(task, id))?.status;
  }

  #learn(task: string, known: Known): void {
    const before = this.#known.get(task);
    if (before?.id === known.id && before.status.state === 'exited') {
      if (known.status.state === 'exited') return;
      // A response from before its end may arrive after the event of its end; otherwise it was started again by hand.
      if (known.status.startedAt !== before.status.startedAt) void this.#killRevived(task, known.id);
      return;
    }
    this.#known.set(task, known);
    if (before === undefined || hasChanged(before.status, known.status)) this.feed.push(known.status);
  }

  async #killRevived(task: string, id: string): Promise<void> {
    const { engine, logger } = this.#setup;
    logger.warn('killing a container that was started again after its task had ended', { task, id });
    try {
      await engine.calls.getContainer(id).kill({ signal: 'SIGKILL' });
    } catch (error) {
      const status = statusOf(error);
      if (status === 404 || status === 409) return;
      // The next list finds it again.
      logger.warn('failed to kill a container', { task, id, error: toGantryError(error) });
    }
  }

  /** Adds the reason of the end, if that can only be read in the container's log. */
  async #explain(known: Known): Promise<Known> {
    if (known.status.reason !== undefined || known.status.state !== 'exited') return known;
    const reason = await formatError(this.#setup.engine, known.status);
    return reason === undefined ? known : { ...known, status: { ...known.status, reason } };
  }
}

function hasChanged(before: RuntimeTask, after: RuntimeTask): boolean {
  return (
    before.id !== after.id ||
    before.state !== after.state ||
    before.paused !== after.paused ||
    before.health !== after.health
  );
}
