export interface LivenessOptions {
  readonly heartbeatMs: number;
  readonly downAfterMs: number;
}

/** Nobody is heard when the last sign of life of any node is older than so many heartbeats. */
const DEAF_BEATS = 1.5;
/** Nodes of which none is heard are waited for so many times as long as one of which others are. */
const PATIENCE = 10;

/**
 * Decides which nodes are down. Where several nodes fall silent at the same time it is more likely that their server is
 * cut off from them, or that all are from the bus: then none is given up for a long while, and each has time to be heard
 * again after the first one is. As the node lifecycle controller of Kubernetes stops evictions when all zones are lost.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #deaf = false;
  #patientUntil = 0;

  constructor(options: LivenessOptions) {
    this.#options = options;
  }

  /** Whether no node was heard lately. */
  get deaf(): boolean {
    return this.#deaf;
  }

  /** Of nodes that are not down, by how long each was silent (ms), those that are now. `now`: of a clock's `elapsed`. */
  downOf(silences: ReadonlyMap<string, number>, now: number): readonly string[] {
    const { heartbeatMs, downAfterMs } = this.#options;
    let heardLast = Number.POSITIVE_INFINITY;
    for (const silent of silences.values()) heardLast = Math.min(heardLast, silent);
    const wasDeaf = this.#deaf;
    this.#deaf = silences.size > 1 && heardLast > DEAF_BEATS * heartbeatMs;
    if (wasDeaf && !this.#deaf) this.#patientUntil = now + downAfterMs;
    if (this.#deaf ? heardLast < PATIENCE * downAfterMs : now < this.#patientUntil) return [];
    return [...silences].filter(([, silent]) => silent >= downAfterMs).map(([node]) => node);
  }
}
