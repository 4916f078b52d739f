import type { NodeInfo } from '@gantry/core';
import type { RuntimeInfo } from '@gantry/core/contracts';
import type { RegisterRequest } from '@gantry/core/protocol';

/** What an agent says of its node to the control plane. What the node was given goes before what the runtime finds. */
export function registrationOf(
  node: NodeInfo,
  session: string,
  info: RuntimeInfo,
  features: readonly string[],
): RegisterRequest {
  return {
    session,
    labels: node.labels,
    capacity: { ...info.capacity, ...node.capacity },
    attributes: { ...info.attributes, runtime: info.name, ...(node.role && { role: node.role }) },
    features,
  };
}
