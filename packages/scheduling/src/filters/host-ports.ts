import type { TaskGroup } from '@gantry/core/contracts';
import { listed } from '../amounts.ts';
import type { GroupFilter, PreparedFilter, Rejection } from '../filter.ts';

/** Only nodes on which the published host ports of the task are free. */
export const hostPorts: GroupFilter = Object.freeze({
  name: 'host-ports',
  shape: ({ hostPorts: ports }: TaskGroup) => ports.join(' '),
  prepare({ hostPorts: ports }: TaskGroup): PreparedFilter | undefined {
    if (ports.length === 0) return undefined;
    return {
      check: (node) => {
        const taken = ports.filter((port) => node.usesHostPort(port));
        return taken.length === 0 ? undefined : inUse(node.name, taken);
      },
      room: (node) => (ports.some((port) => node.usesHostPort(port)) ? 0 : 1),
    };
  },
});

function inUse(node: string, taken: readonly string[]): Rejection {
  const [ports, one, many] = taken.length === 1 ? ['port', 'is', 'it'] : ['ports', 'are', 'them'];
  const what = `host ${ports} ${listed(taken)}`;
  return {
    code: 'HostPortInUse',
    message: `${what} ${one} in use on ${node}`,
    miss: taken.length,
    lack: `uses ${what}`,
    remedy: `free ${listed(taken)} on ${node}, add a node, or publish ${many} in ingress mode`,
    reason: [`has a host port in use`, `have a host port in use`],
  };
}
