import type { TaskGroup } from '@gantry/core/contracts';
import { formatAmount, listed, quantity } from '../amounts.ts';
import type { ClusterState, NodeState, ResourceColumn } from '../cluster-state.ts';
import type { GroupFilter, PreparedFilter, Rejection } from '../filter.ts';

/** Only nodes with enough of every resource left: cpu, memory, and all other requests of a task. */
export const resources: GroupFilter = Object.freeze({
  name: 'resources',
  shape: ({ requests }: TaskGroup) => JSON.stringify(requests),
  prepare({ requests }: TaskGroup, cluster: ClusterState): PreparedFilter | undefined {
    const needs = Object.entries(requests)
      .filter(([, amount]) => amount > 0)
      .map(
        ([resource, amount]): Need => ({
          resource,
          amount,
          code: insufficient(resource),
          ...cluster.resource(resource),
        }),
      );
    if (needs.length === 0) return undefined;
    return { check: (node) => shortage(needs, node), room: (node) => roomFor(needs, node.index) };
  },
});

interface Need extends ResourceColumn {
  readonly resource: string;
  readonly amount: number;
  readonly code: string;
}

function freeOf({ capacity, used }: Need, index: number): number {
  return (capacity[index] as number) - (used[index] as number);
}

function roomFor(needs: readonly Need[], index: number): number {
  let room = Number.POSITIVE_INFINITY;
  for (const need of needs) {
    const free = freeOf(need, index);
    if (free < need.amount) return 0;
    const times = Math.floor(free / need.amount);
    if (times < room) room = times;
  }
  return room;
}

/** Returns how much the node lacks, relative to the request: of the resource that is shortest. */
function shortage(needs: readonly Need[], node: NodeState): Rejection | undefined {
  let worst: Need | undefined;
  let miss = 0;
  for (const need of needs) {
    const free = freeOf(need, node.index);
    if (free >= need.amount) continue;
    const lacks = 1 - free / need.amount;
    if (lacks <= miss) continue;
    worst = need;
    miss = lacks;
  }
  return worst === undefined ? undefined : new Shortage(needs, worst, miss, node);
}

class Shortage implements Rejection {
  readonly miss: number;
  readonly #needs: readonly Need[];
  readonly #worst: Need;
  readonly #node: NodeState;

  constructor(needs: readonly Need[], worst: Need, miss: number, node: NodeState) {
    this.miss = miss;
    this.#needs = needs;
    this.#worst = worst;
    this.#node = node;
  }

  get code(): string {
    return this.#worst.code;
  }

  get reason(): readonly [string, string] {
    const little = `too little ${this.#worst.resource}`;
    return [`has ${little}`, `have ${little}`];
  }

  get #short(): readonly Need[] {
    return this.#needs.filter((need) => this.#lackOf(need) > 0);
  }

  #lackOf(need: Need): number {
    return need.amount - freeOf(need, this.#node.index);
  }

  #free(need: Need): number {
    return Math.max(0, freeOf(need, this.#node.index));
  }

  get message(): string {
    const parts = this.#short.map((need) => {
      const { resource, amount, capacity } = need;
      const free = formatAmount(resource, this.#free(need), 'down');
      const all = formatAmount(resource, capacity[this.#node.index] as number, 'down');
      return `${free} of ${all} ${resource} free, a task asks for ${formatAmount(resource, amount)}`;
    });
    return `${this.#node.name} has ${listed(parts)}`;
  }

  get lack(): string {
    return `lacks ${listed(this.#short.map((need) => quantity(need.resource, this.#lackOf(need))))}`;
  }

  get remedy(): string {
    const { name } = this.#node;
    const short = this.#short;
    const ways: string[] = [];
    if (short.every((need) => this.#free(need) > 0)) {
      ways.push(
        `lower ${listed(short.map((need) => `the ${need.resource} request to ${formatAmount(need.resource, this.#free(need), 'down')}`))}`,
      );
    }
    const fitsWhenEmpty = this.#needs.every(
      ({ capacity, amount }) => (capacity[this.#node.index] as number) >= amount,
    );
    ways.push(
      fitsWhenEmpty
        ? `free ${listed(short.map((need) => quantity(need.resource, this.#lackOf(need))))} on ${name}`
        : `add a node with ${listed(this.#needs.map(({ resource, amount }) => quantity(resource, amount)))}`,
    );
    return ways.join(', or ');
  }
}

/** `memory` → `InsufficientMemory`, `acme.com/fast-disk` → `InsufficientAcmeComFastDisk`. */
function insufficient(resource: string): string {
  const words = resource.split(/[^A-Za-z0-9]+/);
  return `Insufficient${words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1)).join('')}`;
}
