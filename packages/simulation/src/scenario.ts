import type { MachineOptions, SimulatedCluster } from './simulated-cluster.ts';

/** Context of an action: the cluster, and randomness that is a function of the seed. */
export interface ScenarioContext {
  readonly cluster: SimulatedCluster;
  /** Names of all machines of the scenario. */
  readonly machines: readonly string[];
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number;
  oneOf<T>(list: readonly T[]): T;
}

/** What a user or fate does to a cluster. */
export interface Action {
  readonly name: string;
  /** How often it is drawn, compared with the others. */
  readonly weight: number;
  run(context: ScenarioContext): void | Promise<void>;
}

/**
 * A property that must hold: called once before the cluster starts, it returns a check, which lists the violations as
 * text. A check of the whole history follows the store from that call on, until `cluster.closing` fires.
 */
export type Invariant = (cluster: SimulatedCluster) => () => readonly string[] | Promise<readonly string[]>;

/** Random actions on a cluster, and the invariants that must hold in spite of them. */
export interface Scenario {
  readonly machines: Readonly<Record<string, MachineOptions>>;
  readonly actions: readonly Action[];
  /** Number of actions. Default 30. */
  readonly steps?: number;
  /** The longest pause between two actions, ms; short ones are more frequent. Default 30,000. */
  readonly maxPauseMs?: number;
  /**
   * Undoes the effects of actions and the faults that do not heal on their own; the links and machines are up again by
   * then.
   */
  readonly heal?: (context: ScenarioContext) => Promise<void>;
  /** How long the cluster has in the end to settle, ms. Default 15 minutes. */
  readonly quietMs?: number;
  /** Must hold after each action, whatever has failed. */
  readonly always: readonly Invariant[];
  /** Must hold once faults have stopped and time has passed. */
  readonly finally: readonly Invariant[];
}

/** How a scenario ended: without problems, it went well. */
export interface Outcome {
  readonly seed: number;
  readonly problems: readonly string[];
  /** What was done: `62109 apply`, in ms since the start. */
  readonly log: readonly string[];
}
