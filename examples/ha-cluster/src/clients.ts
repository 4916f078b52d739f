import { request } from 'node:http';

/** Clients that ask a service all the time, as its users would. */
export class Clients {
  answered = 0;
  readonly failures: string[] = [];
  readonly #url: string;
  readonly #loops: Promise<void>[];
  #stopped = false;

  constructor(url: string, count: number) {
    this.#url = url;
    this.#loops = Array.from({ length: count }, () => this.#loop());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#loops);
  }

  async #loop(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#ask();
        this.answered++;
      } catch (error) {
        this.failures.push(error instanceof Error ? error.message : String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  #ask(): Promise<void> {
    return new Promise((resolve, reject) => {
      const call = request(this.#url, { agent: false, timeout: 10_000 }, (response) => {
        response.resume();
        response.on('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
        );
        response.on('error', reject);
      });
      call.on('timeout', () => call.destroy(new Error('no answer in 10 s')));
      call.on('error', reject);
      call.end();
    });
  }
}
