import type { GroupPlan, Plan, Round, Scheduler, TaskGroup } from '@gantry/core';
import { summarize } from './explaining/summary.ts';
import { filterResult, type NamedFilter, tally } from './explaining/tally.ts';
import type { Filter, PreparedFilter } from './filter.ts';
import { withStockFilters } from './filters/stock-filters.ts';
import { Scoring } from './placing/scoring.ts';
import { takeTurn } from './placing/take-turn.ts';
import { Turn, Workspace } from './placing/turn.ts';
import { WorkingState } from './round/working-state.ts';
import type { Scorer } from './scorer.ts';

export interface PipelineOptions {
  /** What a service names in its `scheduler` field. */
  readonly name: string;
  /** Besides the stock filters; one that bears the name of a stock filter takes its place. */
  readonly filters?: readonly Filter[];
  /** The node with the highest sum of weighted scores gets the task; chance decides between equals. */
  readonly scorers: readonly Scorer[];
}

/**
 * Makes a scheduler of filters, which say where a task can go, and scorers, which say where it should. Groups take their
 * turns in the order of the round, each task going to the best node of its moment.
 */
export function pipeline({ name, filters = [], scorers }: PipelineOptions): Scheduler {
  const all = withStockFilters(filters);
  return {
    name,
    place(round: Round): Plan {
      const state = new WorkingState(round);
      const tasks = round.groups.reduce((sum, group) => sum + group.tasks.length, 0);
      const space = new Workspace(round.nodes.length, tasks);
      const turns = round.groups.map((group) => {
        const named = prepare(all, group, state);
        state.begin(group);
        const turn = new Turn(
          group,
          state,
          named.map(({ prepared }) => prepared),
          space,
        );
        const ranking = takeTurn(turn, new Scoring(scorers, group, state));
        const assigned = turn.assigned.subarray(0, turn.placed);
        state.end(assigned);
        return { group, filters: named, feasible: turn.size, ranking, assigned };
      });
      return { groups: turns.map((turn) => planOf(name, turn, state)) };
    },
  };
}

interface FinishedTurn {
  readonly group: TaskGroup;
  readonly filters: readonly NamedFilter[];
  readonly feasible: number;
  readonly ranking: GroupPlan['explanation']['ranking'];
  readonly assigned: Int32Array;
}

/** Explains a turn once the round is over: why no further task fits. */
function planOf(scheduler: string, turn: FinishedTurn, state: WorkingState): GroupPlan {
  const { group, filters, feasible, ranking, assigned } = turn;
  const nodes = new Array<string>(assigned.length);
  for (let at = 0; at < nodes.length; at++) {
    nodes[at] = state.names[assigned[at] as number] as string;
  }
  state.consider(group);
  const refusals = tally(filters, state.nodes);
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
        chosen: distinct(assigned, state.nodes.length),
        unplaced,
        refusals,
      }),
    },
  };
}

function distinct(indices: Int32Array, length: number): number {
  const seen = new Uint8Array(length);
  let count = 0;
  for (const index of indices) {
    count += 1 - (seen[index] as number);
    seen[index] = 1;
  }
  return count;
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
