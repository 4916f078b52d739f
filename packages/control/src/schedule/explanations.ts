import type { Explanation } from '@gantry/core';

/** What the scheduler said last about each service's template; kept as long as the service has tasks of it. */
export class Explanations {
  readonly #last = new Map<string, Map<string, Explanation>>();

  set(service: string, template: string, explanation: Explanation): void {
    const known = this.#last.get(service) ?? new Map<string, Explanation>();
    known.set(template, explanation);
    this.#last.set(service, known);
  }

  get(service: string, template: string): Explanation | undefined {
    return this.#last.get(service)?.get(template);
  }

  forget(service: string): void {
    this.#last.delete(service);
  }
}
