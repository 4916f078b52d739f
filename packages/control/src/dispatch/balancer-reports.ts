import type { FrontendStatus } from '@gantry/core/contracts';

/** Status of a frontend on one machine. */
export interface MachineFrontend extends FrontendStatus {
  readonly machine: string;
}

interface Report {
  readonly machine: string;
  readonly byService: ReadonlyMap<string, readonly MachineFrontend[]>;
}

const NONE: readonly MachineFrontend[] = Object.freeze([]);

/** The latest report of the load balancers of each machine, combined by service. */
export class BalancerReports {
  readonly #bySession = new Map<string, Report>();

  /** Replaces the report of a session; returns the services whose reported state has changed. */
  note(session: string, machine: string, statuses: readonly FrontendStatus[]): ReadonlySet<string> {
    const before = this.#bySession.get(session)?.byService;
    const byService = new Map<string, MachineFrontend[]>();
    for (const status of statuses) {
      const service = serviceOf(status.id);
      const known = byService.get(service);
      if (known === undefined) byService.set(service, [{ ...status, machine }]);
      else known.push({ ...status, machine });
    }
    this.#bySession.set(session, { machine, byService });
    const changed = new Set<string>();
    for (const [service, list] of byService)
      if (JSON.stringify(before?.get(service)) !== JSON.stringify(list)) changed.add(service);
    for (const service of before?.keys() ?? []) if (!byService.has(service)) changed.add(service);
    return changed;
  }

  /** Drops the report of a session; returns the services that it was about. */
  forget(session: string): Iterable<string> {
    const known = this.#bySession.get(session)?.byService.keys() ?? [];
    this.#bySession.delete(session);
    return known;
  }

  /** What all sessions report about the ports of a service. */
  of(service: string): readonly MachineFrontend[] {
    return [...this.#bySession.values()].flatMap(({ byService }) => byService.get(service) ?? NONE);
  }
}

/** `team/web/80/tcp` → `team/web`. */
function serviceOf(frontend: string): string {
  return frontend.split('/').slice(0, -2).join('/');
}
