import { TcpLink } from '../../support/tcp-link.ts';

/** What a part reaches the rest by. */
export type Far = 'nats' | 'store';

export interface WaysOptions {
  readonly nats: number;
  readonly store: number;
  readonly servers: readonly string[];
  readonly agents: readonly string[];
}

interface Way {
  readonly link: TcpLink;
  /** How many partitions concern it at the moment. */
  cuts: number;
}

/** A link of its own for every part and what it reaches: they can be cut together, and are whole when nothing cuts them. */
export class Ways implements AsyncDisposable {
  readonly #ways = new Map<string, Way>();

  private constructor() {}

  static async to({ nats, store, servers, agents }: WaysOptions): Promise<Ways> {
    const ways = new Ways();
    for (const part of [...servers, ...agents]) await ways.#open(part, 'nats', nats);
    for (const part of servers) await ways.#open(part, 'store', store);
    return ways;
  }

  /** The port at which a part finds what is far. */
  port(part: string, far: Far): number {
    return this.#way(part, far).link.port;
  }

  isCut(part: string, far: Far): boolean {
    return this.#way(part, far).cuts > 0;
  }

  /** Whether it was whole before. */
  cut(part: string, far: Far, how: 'cut' | 'loseAnswers'): boolean {
    const way = this.#way(part, far);
    way.link[how]();
    way.cuts++;
    return way.cuts === 1;
  }

  /** Ends one of the partitions that concern a link; with the last one it is whole. `before` is called just before that. */
  heal(part: string, far: Far, before: () => void = () => {}): void {
    const way = this.#way(part, far);
    way.cuts--;
    if (way.cuts > 0) return;
    before();
    way.link.heal();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#ways.values()].map(({ link }) => link[Symbol.asyncDispose]()));
  }

  async #open(part: string, far: Far, port: number): Promise<void> {
    this.#ways.set(`${part} ${far}`, { link: await TcpLink.to(port), cuts: 0 });
  }

  #way(part: string, far: Far): Way {
    const way = this.#ways.get(`${part} ${far}`);
    if (way === undefined) throw new Error(`no way from ${part} to ${far}`);
    return way;
  }
}
