import type { TaskGroup } from '@gantry/core/contracts';
import type { Explanation } from '@gantry/core/model';
import { type NamedFilter, type Refusal, tally } from '../explaining/tally.ts';
import type { WorkingNode } from '../round/working-node.ts';
import type { WorkingState } from '../round/working-state.ts';
import { IndexedHeap } from './indexed-heap.ts';
import type { Scoring } from './scoring.ts';

const RANKED = 3;

export interface ShapeTurn {
  readonly placed: number;
  /** Nodes that passed every filter. */
  readonly feasible: number;
  readonly ranking: Explanation['ranking'];
}

/**
 * The shared results of groups of one shape: the filters that were prepared for the first of them, and a heap of the
 * nodes that pass. A turn re-evaluates only nodes that have changed since the last turn of the shape, and those that
 * have tasks of its service, whose scores differ.
 */
export class Shape {
  readonly filters: readonly NamedFilter[];
  readonly #state: WorkingState;
  readonly #keys: Float64Array;
  readonly #heap: IndexedHeap;
  /** Nodes to re-evaluate in the next turn. */
  #stale: Iterable<number>;
  /** How far the state's list of changes has been read. */
  #read = 0;
  #refusals: readonly Refusal[] | undefined;

  constructor(filters: readonly NamedFilter[], state: WorkingState) {
    this.filters = filters;
    this.#state = state;
    this.#keys = new Float64Array(state.nodes.length);
    this.#heap = new IndexedHeap(this.#keys);
    this.#stale = state.nodes.keys();
  }

  /** Places the tasks of a group, each on the node that is best at that moment, as far as there is room. */
  turn({ service }: TaskGroup, scoring: Scoring, assigned: Int32Array): ShapeTurn {
    this.#refresh(service, scoring);
    const heap = this.#heap;
    const feasible = heap.size;
    const ranking = heap.best(RANKED).map((index) => {
      const node = this.#node(index);
      return { node: node.name, scores: scoring.words(node) };
    });
    let placed = 0;
    while (placed < assigned.length && heap.size > 0) {
      const index = heap.top;
      assigned[placed++] = index;
      this.#state.place(index, 1);
      this.#judge(index, scoring);
    }
    return { placed, feasible, ranking };
  }

  /** The rejected nodes, in their state at the end of the round: the same for every group of the shape. */
  get refusals(): readonly Refusal[] {
    this.#refusals ??= tally(this.filters, this.#state.nodes);
    return this.#refusals;
  }

  #refresh(service: string, scoring: Scoring): void {
    const { changes, services } = this.#state;
    for (const index of this.#stale) this.#judge(index, scoring);
    const { nodes } = this.#state;
    const isLong = changes.length - this.#read >= nodes.length;
    for (const index of isLong ? nodes.keys() : new Set(changes.slice(this.#read)))
      this.#judge(index, scoring);
    this.#read = changes.length;
    const own = services.nodesOf(service);
    for (const index of own) this.#judge(index, scoring);
    this.#stale = own;
  }

  #judge(index: number, scoring: Scoring): void {
    const node = this.#node(index);
    if (this.#admits(node)) {
      this.#keys[index] = scoring.ofNode(node);
      this.#heap.set(index);
    } else this.#heap.remove(index);
  }

  #admits(node: WorkingNode): boolean {
    for (const { prepared } of this.filters) {
      if (prepared.room === undefined ? prepared.check(node) !== undefined : prepared.room(node) <= 0)
        return false;
    }
    return true;
  }

  #node(index: number): WorkingNode {
    return this.#state.nodes[index] as WorkingNode;
  }
}
