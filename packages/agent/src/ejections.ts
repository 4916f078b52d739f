import type { BackendStats } from '@gantry/core/contracts';
import type { EjectionReport } from '@gantry/core/protocol';

/** What is known of a backend that was ejected at least once. */
export interface SeenBackend {
  readonly ejections: number;
  readonly ejected: boolean;
}

export type SeenBackends = ReadonlyMap<string, SeenBackend>;

/** Backends that are reported at once; the others follow with the next report. */
const MAX_REPORTS = 100;
/** Characters of a reason, which may come from a plugin of others. */
const MAX_REASON = 1000;
const NEVER: SeenBackend = Object.freeze({ ejections: 0, ejected: false });

/**
 * Compares the counters of a load balancer with those that were reported: which backends it has ejected since, and which
 * of them it uses again; and what is to be remembered once this report is accepted. Pure.
 */
export function ejectionsSince(
  before: SeenBackends,
  stats: readonly BackendStats[],
): { readonly reports: readonly EjectionReport[]; readonly seen: SeenBackends } {
  const reports: EjectionReport[] = [];
  const seen = new Map<string, SeenBackend>();
  for (const { frontend, backend, state, ejections: count, ejectionReason } of stats) {
    const key = `${frontend} ${backend}`;
    const known = before.get(key);
    const ejected = state === 'ejected';
    if (known === undefined && !ejected && !count) continue;
    // A backend that was removed and added again is counted from zero.
    const was = known === undefined || (count ?? known.ejections) < known.ejections ? NEVER : known;
    const total = count ?? was.ejections + Number(ejected && !was.ejected);
    const ejections = total - was.ejections;
    const restored = state === 'ready' && (was.ejected || ejections > 0);
    if (ejections === 0 && !restored) {
      seen.set(key, { ejections: total, ejected });
    } else if (reports.length < MAX_REPORTS) {
      const reason = (ejectionReason ?? 'it failed').slice(0, MAX_REASON);
      reports.push({ frontend, backend, ejections, reason, restored });
      seen.set(key, { ejections: total, ejected });
    } else if (known !== undefined) {
      seen.set(key, known);
    }
  }
  return { reports, seen };
}
