import {
  idOf,
  type PlacementAdvisor,
  type PlannedService,
  type Service,
  templateHash,
  type Views,
} from '@gantry/core';
import { globalSlots } from '../service/global-slots.ts';
import { outcomeOf } from '../service/outcome.ts';
import { valuesOf } from '../values-of.ts';

/** What storing these services would lead to: which tasks stay, and where the new ones would go, all decided together. */
export function planServices(
  services: readonly Service[],
  views: Views,
  advisor: PlacementAdvisor,
): readonly PlannedService[] {
  const outcomes = services.map((service) => {
    const tasks = valuesOf(views.of('task').by('service', idOf(service.meta)));
    const slots = globalSlots(service.spec, valuesOf(views.of('node').all()));
    return outcomeOf(service, templateHash(service.spec.template), tasks, slots);
  });
  const plans = advisor.rehearse(
    services.map((service, index) => ({ service, slots: outcomes[index]?.slots ?? [] })),
  );
  return services.map((service, index): PlannedService => {
    const { keep = 0, replace = 0, stop = 0, slots = [] } = outcomes[index] ?? {};
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
      unplaced: slots.length - nodes.length,
      placement: slots.length === 0 ? undefined : explanation,
    };
  });
}
