import type { RuntimeTask } from '@gantry/core/contracts';
import type { Assignment } from '@gantry/core/protocol';

/** What was started and not reported has the ports it was started with: the network is to give it the same. */
export function withPorts(assignment: Assignment, there: RuntimeTask | undefined): Assignment {
  if (there?.ports === undefined || assignment.status.ports !== undefined) return assignment;
  return { ...assignment, status: { ...assignment.status, ports: there.ports } };
}
