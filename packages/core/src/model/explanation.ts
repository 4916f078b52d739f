/** Why a filter sent nodes away. */
export interface FilterResult {
  /** The filter's name, such as `resources`. */
  readonly filter: string;
  /** A stable word for the reason, such as `InsufficientMemory`. */
  readonly code: string;
  /** Number of nodes that it rejected. */
  readonly rejected: number;
  /** Names of the first nodes that it rejected. */
  readonly nodes: readonly string[];
  /** Why the first of these nodes was rejected. */
  readonly message: string;
  /** The node that came closest, and by how much it missed. */
  readonly nearest?:
    | {
        /** Name of the node. */
        readonly node: string;
        /** The resource or property that the node lacks. */
        readonly message: string;
      }
    | undefined;
  /** The change that would make a node pass this filter. */
  readonly remedy?: string | undefined;
}

/** Score of a node by one scorer. */
export interface ScoreResult {
  /** Name of the scorer. */
  readonly scorer: string;
  /** Score of the node: higher is better. */
  readonly score: number;
  /** Reason for the score, for people. */
  readonly message?: string | undefined;
}

/** Why tasks of a group are where they are, and why the rest is nowhere. */
export interface Explanation {
  /** Name of the scheduler. */
  readonly scheduler: string;
  /** Number of nodes that were considered. */
  readonly nodes: number;
  /** Number of nodes that passed every filter at the start of the round. */
  readonly feasible: number;
  /** Number of tasks of the group that were placed. */
  readonly placed: number;
  /** Number of tasks of the group that fit nowhere. */
  readonly unplaced: number;
  /** Filters that sent nodes away at the end of the round: why no further task fits. Most nodes first. */
  readonly filters: readonly FilterResult[];
  /** The best nodes for the first task of the group, best first, with the score by each scorer. */
  readonly ranking: readonly {
    /** Name of the node. */
    readonly node: string;
    /** The score of the node by each scorer. */
    readonly scores: readonly ScoreResult[];
  }[];
  /** All of it in one sentence. */
  readonly summary: string;
}
