import type { NodeView } from '@gantry/core/contracts';
import type { Taint } from '@gantry/core/model';
import type { NodeState } from '../cluster-state.ts';

/** The columns from which a node reads its own numbers, by its index. */
interface Columns {
  readonly tasks: Int32Array;
  readonly services: { of(service: string, index: number): number };
  used(resource: string, index: number): number | undefined;
  share(index: number, more: number): number;
  placedHostPort(port: string, index: number): boolean;
}

/** A node of the working state: its facts, and a thin view of the columns. */
export class WorkingNode implements NodeState {
  readonly index: number;
  /** Its place in the round's list. */
  readonly listed: number;
  readonly name: string;
  readonly schedulable: true | string;
  readonly #view: NodeView;
  readonly #state: Columns;

  constructor(
    view: NodeView,
    name: string,
    schedulable: true | string,
    index: number,
    listed: number,
    state: Columns,
  ) {
    this.index = index;
    this.listed = listed;
    this.name = name;
    this.schedulable = schedulable;
    this.#view = view;
    this.#state = state;
  }

  get labels(): Readonly<Record<string, string>> {
    return this.#view.labels;
  }

  get attributes(): Readonly<Record<string, string>> {
    return this.#view.attributes;
  }

  get features(): ReadonlySet<string> | undefined {
    return this.#view.features;
  }

  get taints(): readonly Taint[] {
    return this.#view.taints;
  }

  get tasks(): number {
    return this.#state.tasks[this.index] as number;
  }

  tasksOf(service: string): number {
    return this.#state.services.of(service, this.index);
  }

  capacity(resource: string): number {
    return this.#view.capacity[resource] ?? 0;
  }

  used(resource: string): number {
    return this.#state.used(resource, this.index) ?? this.#view.used[resource] ?? 0;
  }

  share(more = 0): number {
    return this.#state.share(this.index, more);
  }

  usesHostPort(port: string): boolean {
    return this.#view.hostPorts.has(port) || this.#state.placedHostPort(port, this.index);
  }
}
