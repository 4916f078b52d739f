export interface LivenessOptions {
  readonly heartbeatMs: number;
  readonly downAfterMs: number;
}

/** If the latest heartbeat of any node is older than this many heartbeat intervals, all nodes count as silent. */
const DEAF_BEATS = 1.5;
/** Factor by which `downAfterMs` is extended while none of several nodes sends heartbeats. */
const PATIENCE = 10;

/**
 * Decides which nodes are down. If several nodes stop sending heartbeats at the same time, it is more likely that their
 * server is partitioned from them, or that all of them have lost the bus. In that case no node is marked down for much
 * longer, and after the first heartbeat arrives the others get a grace period. The node lifecycle controller of
 * Kubernetes stops evictions in the same way when all zones are lost.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #deaf = false;
  #patientUntil = 0;

  constructor(options: LivenessOptions) {
    this.#options = options;
  }

  /** Whether no node has sent a heartbeat recently. */
  get deaf(): boolean {
    return this.#deaf;
  }

  /**
   * Returns the nodes that are down now. `silences`: time since the last heartbeat of each node that is not down yet,
   * ms. `now`: reading of a clock's `elapsed`.
   */
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
