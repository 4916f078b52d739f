import type { TaskGroup } from '@gantry/core/contracts';
import type { PreparedFilter } from '../filter.ts';
import type { WorkingNode } from '../round/working-node.ts';
import type { WorkingState } from '../round/working-state.ts';
import { Ranker } from './rank.ts';

/** Typed arrays with the length of all nodes or tasks, reused by successive turns. */
export class Workspace {
  readonly candidates: Int32Array;
  readonly rooms: Int32Array;
  readonly keys: Float64Array;
  readonly ranker: Ranker;
  readonly #assigned: Int32Array;
  #handedOut = 0;

  constructor(nodes: number, tasks: number) {
    this.candidates = new Int32Array(nodes);
    this.rooms = new Int32Array(nodes);
    this.keys = new Float64Array(nodes);
    this.ranker = new Ranker(nodes);
    this.#assigned = new Int32Array(tasks);
  }

  /** Returns space for `count` assignments, which remains part of the turn. */
  assignments(count: number): Int32Array {
    const from = this.#handedOut;
    this.#handedOut += count;
    return this.#assigned.subarray(from, this.#handedOut);
  }
}

/**
 * The turn of one group: the nodes that passed every filter, by position, with their room for tasks and their score.
 * Only places; the caller decides which node is best.
 */
export class Turn {
  readonly group: TaskGroup;
  readonly state: WorkingState;
  /** Indices of the candidates, and how many there are. */
  readonly size: number;
  readonly keys: Float64Array;
  readonly assigned: Int32Array;
  readonly ranker: Ranker;
  /** How many tasks have been placed. */
  placed = 0;
  readonly #candidates: Int32Array;
  readonly #rooms: Int32Array;
  /** Filters that cannot return the room: called again after a placement. */
  readonly #asked: readonly PreparedFilter[];

  constructor(group: TaskGroup, state: WorkingState, filters: readonly PreparedFilter[], space: Workspace) {
    this.group = group;
    this.state = state;
    this.keys = space.keys;
    this.ranker = space.ranker;
    this.assigned = space.assignments(group.tasks.length);
    this.#candidates = space.candidates;
    this.#rooms = space.rooms;
    this.#asked = filters.filter(({ room }) => room === undefined);
    this.size = this.#admit(filters);
  }

  /** Whether the room of every candidate is known in advance. */
  get roomsKnown(): boolean {
    return this.#asked.length === 0;
  }

  get left(): number {
    return this.assigned.length - this.placed;
  }

  node(position: number): WorkingNode {
    return this.state.nodes[this.#candidates[position] as number] as WorkingNode;
  }

  room(position: number): number {
    return this.#rooms[position] as number;
  }

  /** Puts the next task on a node without updating the state, which `book` does for many at once. */
  assign(position: number): void {
    this.assigned[this.placed++] = this.#candidates[position] as number;
  }

  /** Updates the state for assigned tasks. */
  book(position: number, count: number): void {
    this.#rooms[position] = (this.#rooms[position] as number) - count;
    this.state.place(this.#candidates[position] as number, count);
  }

  /** Puts the next task on a node; returns whether the node has room for another one. */
  place(position: number): boolean {
    this.assign(position);
    this.book(position, 1);
    if (this.room(position) === 0) return false;
    const node = this.node(position);
    return this.#asked.every((filter) => filter.check(node) === undefined);
  }

  #admit(filters: readonly PreparedFilter[]): number {
    const most = Math.max(1, this.group.tasks.length);
    let size = 0;
    for (const node of this.state.nodes) {
      let room = most;
      for (const filter of filters) {
        const own = filter.room === undefined ? roomByCheck(filter, node) : filter.room(node);
        if (own < room) room = own;
        if (room <= 0) break;
      }
      if (room <= 0) continue;
      this.#candidates[size] = node.index;
      this.#rooms[size++] = room;
    }
    return size;
  }
}

function roomByCheck(filter: PreparedFilter, node: WorkingNode): number {
  return filter.check(node) === undefined ? Number.POSITIVE_INFINITY : 0;
}
