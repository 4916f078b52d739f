import { isFinal } from '@gantry/core/model';
import type { Invariant } from '../scenario.ts';
import { servicesOf } from '../stored.ts';

/**
 * No machine is given tasks that request more CPU than it has. All templates of a service must have the same request. A
 * task that is prepared to take the place of another one uses nothing until it is started.
 */
export const nodesKeepTheirPromises: Invariant = (cluster) => async () => {
  const services = await servicesOf(cluster);
  const used = new Map<string, number>();
  for (const { spec, status } of await cluster.tasks()) {
    if (isFinal(status.state) || spec.node === undefined || spec.desired === 'prepared') continue;
    const cpu = services.get(spec.service)?.spec.template.resources.requests.cpu ?? 0;
    used.set(spec.node, (used.get(spec.node) ?? 0) + cpu);
  }
  return [...used].flatMap(([node, cpu]) => {
    const has = cluster.machines.includes(node) ? (cluster.capacity(node).cpu ?? 0) : 0;
    return cpu > has ? [`${node} is promised ${cpu} of ${has} millicores`] : [];
  });
};
