import { GantryError, type PlacementAdvisor, type Views } from '@gantry/core';
import type { PlannedService } from '@gantry/core/api';
import { idOf, type Service, templateHash } from '@gantry/core/model';
import { modeOf } from '../service/modes/mode-of.ts';
import { MAX_UNPLACED } from '../service/modes/replicated/replicated-slots.ts';
import { nodeFitness } from '../service/node-fitness.ts';
import { outcomeOf } from '../service/outcome.ts';
import { valuesOf } from '../values-of.ts';

/** Maximum number of tasks that a plan considers. */
const MAX_TASKS = 2_000_000;

/**
 * Returns the effect of storing these services: which tasks stay, and where the new ones would go, all decided
 * together.
 *
 * @throws `EXHAUSTED` if they ask for more than 2,000,000 tasks, where each service counts at most 100,000.
 */
export function planServices(
  services: readonly Service[],
  views: Views,
  advisor: PlacementAdvisor,
): readonly PlannedService[] {
  const asked = services.reduce(
    (sum, { spec, status }) => sum + Math.min(MAX_UNPLACED, modeOf(spec).asksFor({ spec, status })),
    0,
  );
  if (asked > MAX_TASKS) {
    const text = `the services ask for more than ${MAX_TASKS.toLocaleString('en')} tasks: plan some of them at a time`;
    throw new GantryError('EXHAUSTED', text);
  }
  const outcomes = services.map((service) => {
    const tasks = valuesOf(views.of('task').by('service', idOf(service.meta)));
    return outcomeOf({
      service,
      template: templateHash(service.spec.template),
      tasks,
      fitness: nodeFitness(service, views.of('node')),
      nodes: valuesOf(views.of('node').all()),
    });
  });
  const plans = advisor.rehearse(
    services.map((service, index) => ({ service, slots: outcomes[index]?.slots ?? [] })),
  );
  return services.map((service, index): PlannedService => {
    const { keep = 0, replace = 0, stop = 0, slots = [], beyond = 0 } = outcomes[index] ?? {};
    const { nodes = [], explanation } = plans[index] ?? {};
    const id = idOf(service.meta);
    const stored = views.of('service').get(id)?.value;
    return {
      service: id,
      change: stored === undefined ? 'create' : stored.spec === service.spec ? 'unchanged' : 'update',
      keep,
      replace,
      stop,
      nodes,
      unplaced: slots.length - nodes.length + beyond,
      placement: slots.length === 0 ? undefined : explanation,
    };
  });
}
