import { type Node, parseConstraint, type ServiceSpec, satisfies, untolerated } from '@gantry/core';

/** For a global service: the nodes it belongs on, and whether a new task may start there now. Pure. */
export function globalSlots(
  { mode, placement }: Pick<ServiceSpec, 'mode' | 'placement'>,
  nodes: Iterable<Node>,
): ReadonlyMap<string, boolean> {
  const slots = new Map<string, boolean>();
  if (mode !== 'global') return slots;
  const constraints = placement.constraints.map(parseConstraint);
  for (const { meta, spec, status } of nodes) {
    if (spec.availability === 'drain') continue;
    const { name, labels } = meta;
    const facts = { name, labels, attributes: status.attributes };
    if (!constraints.every((constraint) => 'operator' in constraint && satisfies(facts, constraint)))
      continue;
    if (untolerated(spec.taints, placement.tolerations, 'NoExecute') !== undefined) continue;
    const open = untolerated(spec.taints, placement.tolerations) === undefined;
    slots.set(name, open && status.state === 'ready' && spec.availability === 'active');
  }
  return slots;
}
