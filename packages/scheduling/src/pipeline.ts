import type { Scheduler } from '@gantry/core';
import type { GroupPlan, Plan, Round, TaskGroup } from '@gantry/core/contracts';
import type { Explanation } from '@gantry/core/model';
import { summarize } from './explaining/summary.ts';
import { filterResult, type NamedFilter, type Refusal, tally } from './explaining/tally.ts';
import type { Filter, PreparedFilter } from './filter.ts';
import { withStockFilters } from './filters/stock-filters.ts';
import { Scoring } from './placing/scoring.ts';
import { Shape } from './placing/shape.ts';
import { shapesOf } from './placing/shapes.ts';
import { takeTurn } from './placing/take-turn.ts';
import { Turn, Workspace } from './placing/turn.ts';
import { WorkingState } from './round/working-state.ts';
import type { Scorer } from './scorer.ts';

export interface PipelineOptions {
  /** The name used in the `scheduler` field of a service. */
  readonly name: string;
  /** Filters in addition to the stock ones; one with the name of a stock filter replaces it. */
  readonly filters?: readonly Filter[];
  /** The node with the highest sum of weighted scores gets the task; ties are broken at random. */
  readonly scorers: readonly Scorer[];
}

/**
 * Makes a scheduler from filters, which decide where a task can go, and scorers, which decide where it should. Groups
 * take turns in the order of the round; each task goes to the node that is best at that moment.
 */
export function pipeline({ name, filters = [], scorers }: PipelineOptions): Scheduler {
  const all = withStockFilters(filters);
  return {
    name,
    place(round: Round): Plan {
      const turns = new Turns(round, all, scorers);
      const finished = round.groups.map((group) => turns.take(group));
      return { groups: finished.map((turn) => planOf(name, turn, turns.state)) };
    },
  };
}

interface FinishedTurn {
  readonly group: TaskGroup;
  readonly feasible: number;
  readonly ranking: Explanation['ranking'];
  readonly assigned: Int32Array;
  /** Returns why no further task fits; to be called once the round is over. */
  readonly refusals: () => readonly Refusal[];
}

/** The turns of a round, one group after the other: alone, or with the shared results of groups of the same shape. */
class Turns {
  readonly state: WorkingState;
  readonly #filters: readonly Filter[];
  readonly #scorers: readonly Scorer[];
  readonly #space: Workspace;
  readonly #shapeOf: ReadonlyMap<TaskGroup, string>;
  readonly #shapes = new Map<string, Shape>();

  constructor(round: Round, filters: readonly Filter[], scorers: readonly Scorer[]) {
    this.state = new WorkingState(round);
    this.#filters = filters;
    this.#scorers = scorers;
    const tasks = round.groups.reduce((sum, group) => sum + group.tasks.length, 0);
    this.#space = new Workspace(round.nodes.length, tasks);
    this.#shapeOf = shapesOf(round, filters, scorers);
    if (this.#shapeOf.size > 0)
      this.state.services.prepare(new Set(Array.from(this.#shapeOf.keys(), ({ service }) => service)));
  }

  take(group: TaskGroup): FinishedTurn {
    const shape = this.#shape(group);
    const turn = shape === undefined ? this.#alone(group) : this.#alike(group, shape);
    this.state.end(turn.assigned);
    return turn;
  }

  #shape(group: TaskGroup): Shape | undefined {
    const key = this.#shapeOf.get(group);
    if (key === undefined) return undefined;
    const known = this.#shapes.get(key);
    if (known !== undefined) return known;
    const shape = new Shape(prepare(this.#filters, group, this.state), this.state);
    this.#shapes.set(key, shape);
    return shape;
  }

  #alike(group: TaskGroup, shape: Shape): FinishedTurn {
    this.state.begin(group);
    const assigned = this.#space.assignments(group.tasks.length);
    const scoring = new Scoring(this.#scorers, group, this.state);
    const { placed, feasible, ranking } = shape.turn(group, scoring, assigned);
    return {
      group,
      feasible,
      ranking,
      assigned: assigned.subarray(0, placed),
      refusals: () => shape.refusals,
    };
  }

  #alone(group: TaskGroup): FinishedTurn {
    const named = prepare(this.#filters, group, this.state);
    this.state.begin(group);
    const prepared = named.map((filter) => filter.prepared);
    const turn = new Turn(group, this.state, prepared, this.#space);
    const ranking = takeTurn(turn, new Scoring(this.#scorers, group, this.state));
    return {
      group,
      feasible: turn.size,
      ranking,
      assigned: turn.assigned.subarray(0, turn.placed),
      refusals: () => tally(named, this.state.nodes),
    };
  }
}

/** Explains a turn once the round is over: why no further task fits. */
function planOf(scheduler: string, turn: FinishedTurn, state: WorkingState): GroupPlan {
  const { group, feasible, ranking, assigned } = turn;
  const nodes = Array.from(assigned, (index) => state.names[index] as string);
  state.consider(group);
  const refusals = turn.refusals();
  const placed = nodes.length;
  const unplaced = group.tasks.length - placed;
  return {
    nodes,
    explanation: {
      scheduler,
      nodes: state.nodes.length,
      feasible,
      placed,
      unplaced,
      filters: refusals.map(filterResult),
      ranking,
      summary: summarize({
        nodes: state.nodes.length,
        feasible,
        placed,
        chosen: new Set(assigned).size,
        unplaced,
        refusals,
      }),
    },
  };
}

function prepare(filters: readonly Filter[], group: TaskGroup, state: WorkingState): readonly NamedFilter[] {
  return filters.flatMap((filter) => {
    const prepared: PreparedFilter | undefined =
      filter.prepare === undefined
        ? { check: (node) => filter.check(group, node) }
        : filter.prepare(group, state);
    return prepared === undefined ? [] : [{ name: filter.name, prepared }];
  });
}
