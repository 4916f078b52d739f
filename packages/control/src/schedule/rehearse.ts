import type { Random, Scheduler } from '@gantry/core';
import type { GroupPlan, RehearsedService, TaskGroup } from '@gantry/core/contracts';
import { idOf, type Service, templateHash } from '@gantry/core/model';
import { modeOf } from '../service/modes/mode-of.ts';
import { type ClusterModel, demandOf } from './cluster-model.ts';

/**
 * Queries the schedulers for the placement of new tasks, all services of one scheduler together, and changes nothing.
 */
export function rehearse(
  wanted: readonly RehearsedService[],
  model: ClusterModel,
  random: Random,
  schedulerOf: (service: Service) => Scheduler | undefined,
): readonly GroupPlan[] {
  const plans = new Map<RehearsedService, GroupPlan>();
  const together = new Map<Scheduler, RehearsedService[]>();
  for (const each of wanted) {
    const scheduler = schedulerOf(each.service);
    if (scheduler === undefined) continue;
    const { nodeOf } = modeOf(each.service.spec);
    if (nodeOf !== undefined) plans.set(each, onEach(each, nodeOf, { scheduler, model, random }));
    else together.set(scheduler, [...(together.get(scheduler) ?? []), each]);
  }
  for (const [scheduler, some] of together) {
    const groups = some.map(({ service, slots }) => groupOf(service, slots));
    const { groups: answers } = scheduler.place({ groups, nodes: model.nodes, random });
    for (const [index, each] of some.entries()) plans.set(each, answers[index] ?? UNKNOWN);
  }
  return wanted.map((each) => plans.get(each) ?? UNKNOWN);
}

/** Tasks that already have their nodes: each is placed separately. */
function onEach(
  { service, slots }: RehearsedService,
  nodeOf: (slot: string) => string,
  { scheduler, model, random }: { scheduler: Scheduler; model: ClusterModel; random: Random },
): GroupPlan {
  const nodes: string[] = [];
  let last = UNKNOWN;
  for (const slot of slots) {
    const node = model.node(nodeOf(slot));
    const groups = [groupOf(service, [slot])];
    last = scheduler.place({ groups, nodes: node === undefined ? [] : [node], random }).groups[0] ?? UNKNOWN;
    nodes.push(...last.nodes);
  }
  return { nodes, explanation: last.explanation };
}

function groupOf({ meta, spec }: Service, slots: readonly string[]): TaskGroup {
  const service = idOf(meta);
  return {
    service,
    template: templateHash(spec.template),
    ...demandOf(spec.template),
    placement: spec.placement,
    labels: meta.labels,
    annotations: meta.annotations,
    tasks: slots.map((slot) => `${service}.${slot}`),
  };
}

const UNKNOWN: GroupPlan = Object.freeze({
  nodes: [],
  explanation: {
    scheduler: '',
    nodes: 0,
    feasible: 0,
    placed: 0,
    unplaced: 0,
    filters: [],
    ranking: [],
    summary: 'no scheduler was queried',
  },
});
