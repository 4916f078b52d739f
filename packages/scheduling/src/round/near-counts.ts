import type { FieldColumn } from '../cluster-state.ts';

/** Number of tasks of one service on the nodes of each value of a field: kept up to date after the first query. */
export interface NearCounts {
  readonly column: FieldColumn;
  readonly counts: Int32Array;
}

/** Counts of tasks by service and fields. */
export class NearIndex {
  readonly #byService = new Map<string, Map<string, NearCounts>>();

  get(service: string, fields: string, make: () => NearCounts): NearCounts {
    const ofService = this.#byService.get(service) ?? new Map<string, NearCounts>();
    this.#byService.set(service, ofService);
    const counts = ofService.get(fields) ?? make();
    ofService.set(fields, counts);
    return counts;
  }

  /** Adds tasks of a service on a node. */
  add(service: string, index: number, more: number): void {
    const ofService = this.#byService.get(service);
    if (ofService === undefined) return;
    for (const { column, counts } of ofService.values()) {
      const code = column.codes[index] as number;
      counts[code] = (counts[code] as number) + more;
    }
  }
}
