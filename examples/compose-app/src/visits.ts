/** What the web service says: which of its tasks it was, and how many visits the cache has counted. */
export interface Visit {
  readonly greeting: string;
  readonly host: string;
  readonly count: number;
}

/** Asks the published port once. */
export async function visit(url: string): Promise<Visit> {
  const answer = await fetch(url);
  const text = await answer.text();
  const [, greeting, host, count] = /^(\S+) from (\S+), visit (\d+)$/.exec(text.trim()) ?? [];
  if (!answer.ok || greeting === undefined || host === undefined) {
    throw new Error(`${url} answered ${answer.status} ${JSON.stringify(text)}`);
  }
  return { greeting, host, count: Number(count) };
}

/** Visits without a pause until they are stopped. */
export class Traffic {
  readonly #greetings = new Map<string, number>();
  readonly #failures: string[] = [];
  readonly #done: Promise<unknown>;
  #stopped = false;

  constructor(url: string, clients: number) {
    this.#done = Promise.all(Array.from({ length: clients }, () => this.#send(url)));
  }

  /** How many visits had which greeting, and why some had none. */
  async stop(): Promise<{ greetings: ReadonlyMap<string, number>; failures: readonly string[] }> {
    this.#stopped = true;
    await this.#done;
    return { greetings: this.#greetings, failures: this.#failures };
  }

  async #send(url: string): Promise<void> {
    while (!this.#stopped) {
      try {
        const { greeting } = await visit(url);
        this.#greetings.set(greeting, (this.#greetings.get(greeting) ?? 0) + 1);
      } catch (error) {
        const { message, cause } = error as Error;
        this.#failures.push(cause === undefined ? message : `${message}: ${String(cause)}`);
      }
    }
  }
}
