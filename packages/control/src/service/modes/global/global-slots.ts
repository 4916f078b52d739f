import { parseConstraint, satisfies, untolerated } from '@gantry/core/model';
import type { ModeInput, WantedSlots } from '../service-mode.ts';

const NONE: ReadonlyMap<string, string> = new Map();

/**
 * The nodes of a global service: those that already have a task or may start one now. A node that cannot take a new
 * task at present, because it is down or paused, keeps its existing one. Pure.
 */
export function globalSlots({ service, slots, nodes }: ModeInput): WantedSlots {
  const { placement } = service.spec;
  const wanted = new Set<string>();
  const open = new Set<string>();
  const constraints = placement.constraints.map(parseConstraint);
  for (const { meta, spec, status } of nodes) {
    if (spec.availability === 'drain') continue;
    const { name, labels } = meta;
    const facts = { name, labels, attributes: status.attributes };
    if (!constraints.every((constraint) => 'operator' in constraint && satisfies(facts, constraint)))
      continue;
    if (untolerated(spec.taints, placement.tolerations, 'NoExecute') !== undefined) continue;
    const isOpen =
      untolerated(spec.taints, placement.tolerations) === undefined &&
      status.state === 'ready' &&
      spec.availability === 'active';
    if (isOpen) open.add(name);
    if (isOpen || (slots.get(name)?.live.length ?? 0) > 0) wanted.add(name);
  }
  return { wanted, removed: NONE, total: wanted.size, open };
}
