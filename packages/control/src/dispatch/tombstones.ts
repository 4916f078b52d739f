interface Stone {
  readonly task: string;
  readonly revision: number;
}

interface Yard {
  stones: Stone[];
  /** Removals up to this revision have been forgotten. */
  forgotten: number;
}

const KEPT = 1000;

/** Remembers for each node which tasks were removed lately, so that its agent can be told; bounded. */
export class Tombstones {
  readonly #yards = new Map<string, Yard>();
  readonly #floor: number;

  /** `floor`: removals up to this revision happened before anybody took notes. */
  constructor(floor: number) {
    this.#floor = floor;
  }

  add(node: string, task: string, revision: number): void {
    const yard = this.#yards.get(node) ?? { stones: [], forgotten: this.#floor };
    yard.stones.push({ task, revision });
    if (yard.stones.length > 2 * KEPT) {
      yard.forgotten = yard.stones[KEPT - 1]?.revision ?? yard.forgotten;
      yard.stones = yard.stones.slice(KEPT);
    }
    this.#yards.set(node, yard);
  }

  /** Whether every removal after this revision is still known. */
  reachBack(node: string, since: number): boolean {
    return since >= (this.#yards.get(node)?.forgotten ?? this.#floor);
  }

  since(node: string, since: number): string[] {
    const stones = this.#yards.get(node)?.stones ?? [];
    return stones.filter(({ revision }) => revision > since).map(({ task }) => task);
  }

  forget(node: string): void {
    this.#yards.delete(node);
  }
}
