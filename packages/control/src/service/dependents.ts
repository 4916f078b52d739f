import type { ViewEvent } from '@gantry/core/contracts';
import { idBeside } from '@gantry/core/model';

const NONE: readonly string[] = Object.freeze([]);

/** Which services wait for which others; kept current by the events of services. */
export class Dependents {
  readonly #byDependency = new Map<string, Set<string>>();

  note({ name, before, after }: ViewEvent<'service'>): void {
    if (before?.value.spec.dependsOn === after?.value.spec.dependsOn) return;
    for (const { service } of before?.value.spec.dependsOn ?? []) {
      const on = idBeside(name, service);
      const waiting = this.#byDependency.get(on);
      waiting?.delete(name);
      if (waiting?.size === 0) this.#byDependency.delete(on);
    }
    for (const { service } of after?.value.spec.dependsOn ?? []) {
      const on = idBeside(name, service);
      this.#byDependency.set(on, (this.#byDependency.get(on) ?? new Set()).add(name));
    }
  }

  of(service: string): Iterable<string> {
    return this.#byDependency.get(service) ?? NONE;
  }

  /** Returns these services, and those that wait for them. */
  with(services: readonly string[]): readonly string[] {
    if (this.#byDependency.size === 0 || services.length === 0) return services;
    return services.flatMap((service) => [service, ...this.of(service)]);
  }
}
