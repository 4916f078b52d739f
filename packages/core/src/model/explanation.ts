/** Why a filter sent nodes away. */
export interface FilterResult {
  /** The filter's name, such as `resources`. */
  readonly filter: string;
  /** A stable word for the reason, such as `InsufficientMemory`. */
  readonly code: string;
  /** Number of nodes it rejected, and the first of them. */
  readonly rejected: number;
  readonly nodes: readonly string[];
  /** Why the first of these nodes was rejected. */
  readonly message: string;
  /** The node that came closest, and by how much it missed. */
  readonly nearest?: { readonly node: string; readonly message: string } | undefined;
  /** What change would get a node past this filter. */
  readonly remedy?: string | undefined;
}

/** What a scorer thought of a node. */
export interface ScoreResult {
  readonly scorer: string;
  readonly score: number;
  readonly message?: string | undefined;
}

/** Why tasks of a group are where they are, and why the rest is nowhere. */
export interface Explanation {
  /** Name of the scheduler. */
  readonly scheduler: string;
  /** Nodes that were looked at, and of these the ones that passed every filter at the start. */
  readonly nodes: number;
  readonly feasible: number;
  readonly placed: number;
  readonly unplaced: number;
  /** Filters that sent nodes away at the end of the round: why no further task fits. Most nodes first. */
  readonly filters: readonly FilterResult[];
  /** The best nodes as the first task of the group found them, best first, with what each scorer said. */
  readonly ranking: readonly { readonly node: string; readonly scores: readonly ScoreResult[] }[];
  /** All of it in one sentence. */
  readonly summary: string;
}
