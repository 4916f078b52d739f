const UNKNOWN = -1;

/**
 * Number of tasks of a service on each node. The counts of the service in turn are a column; placements of earlier
 * turns are kept as their lists of nodes, so memory grows with placements and not with services × nodes.
 */
export class ServiceCounts {
  /** The counts at the start, for nodes with any tasks. */
  readonly #atStart: readonly (ReadonlyMap<string, number> | undefined)[];
  readonly #placed = new Map<string, Int32Array[]>();
  /** Tasks placed in earlier turns, per node: only of services that were queried. */
  readonly #earlier = new Map<string, Int32Array>();
  readonly #counts: Int32Array;
  /** Nodes that have tasks at the start, by service: only of services that were announced. */
  #nodesAtStart: ReadonlyMap<string, readonly number[]> | undefined;
  #current: string | undefined;
  #earlierOfCurrent: Int32Array | undefined;

  constructor(atStart: readonly (ReadonlyMap<string, number> | undefined)[]) {
    this.#atStart = atStart;
    this.#counts = new Int32Array(atStart.length);
  }

  /** Announces the services for which `nodesOf` will be called. */
  prepare(services: ReadonlySet<string>): void {
    const nodes = new Map<string, number[]>();
    this.#atStart.forEach((counts, index) => {
      for (const service of counts?.keys() ?? []) {
        if (!services.has(service)) continue;
        const known = nodes.get(service);
        if (known === undefined) nodes.set(service, [index]);
        else known.push(index);
      }
    });
    this.#nodesAtStart = nodes;
  }

  /** Returns the nodes with tasks of an announced service, from the start or from an earlier turn. */
  nodesOf(service: string): ReadonlySet<number> {
    const nodes = new Set(this.#nodesAtStart?.get(service));
    for (const list of this.#placed.get(service) ?? []) for (const index of list) nodes.add(index);
    return nodes;
  }

  /** Begins the turn of a group of this service. */
  begin(service: string): void {
    this.#current = service;
    this.#earlierOfCurrent = this.#earlierOf(service);
    this.#counts.fill(UNKNOWN);
  }

  /** Ends the turn; these nodes, by index, got one task for each time they occur. */
  end(assigned: Int32Array): void {
    const service = this.#current;
    this.#current = undefined;
    if (service === undefined || assigned.length === 0) return;
    const lists = this.#placed.get(service);
    if (lists === undefined) this.#placed.set(service, [assigned]);
    else lists.push(assigned);
    const earlier = this.#earlier.get(service);
    if (earlier !== undefined) tally(assigned, earlier);
  }

  of(service: string, index: number): number {
    if (service !== this.#current)
      return (this.#atStart[index]?.get(service) ?? 0) + (this.#earlierOf(service)?.[index] ?? 0);
    const count = this.#counts[index] as number;
    return count === UNKNOWN ? this.#load(service, index) : count;
  }

  /** Adds tasks of the service in turn on a node. */
  add(index: number, count: number): void {
    const known = this.#counts[index] as number;
    const before = known === UNKNOWN ? this.#load(this.#current as string, index) : known;
    this.#counts[index] = before + count;
  }

  #load(service: string, index: number): number {
    const count = (this.#atStart[index]?.get(service) ?? 0) + (this.#earlierOfCurrent?.[index] ?? 0);
    this.#counts[index] = count;
    return count;
  }

  #earlierOf(service: string): Int32Array | undefined {
    const known = this.#earlier.get(service);
    if (known !== undefined) return known;
    const lists = this.#placed.get(service);
    if (lists === undefined) return undefined;
    const earlier = new Int32Array(this.#counts.length);
    for (const list of lists) tally(list, earlier);
    this.#earlier.set(service, earlier);
    return earlier;
  }
}

function tally(indices: Int32Array, into: Int32Array): void {
  for (const index of indices) into[index] = (into[index] as number) + 1;
}
