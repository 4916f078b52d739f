import { FakeMachine } from './machine.ts';

/**
 * The machines of all nodes. Given to `fakeRuntime({ world })` it keeps what runs while agents, and whole clusters,
 * come and go.
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

  /** A machine loses its power: all its tasks are gone, and nobody is told. */
  lose(node: string): void {
    this.#machines.get(node)?.lose();
  }

  /** Every machine loses its power; ends all timers. */
  clear(): void {
    for (const machine of this.#machines.values()) machine.lose();
    this.#tally.clear();
  }
}
