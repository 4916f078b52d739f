import type { LoadBalancer } from '../contracts/load-balancer.ts';
import type { Network } from '../contracts/network.ts';
import type { Runtime } from '../contracts/runtime.ts';
import type { Feature } from '../model/features.ts';

/** The features of a node with these drivers, sorted. */
export function featuresOfNode(
  runtime: Pick<Runtime, 'supports'>,
  network: Pick<Network, 'supports'>,
  balancers: readonly Pick<LoadBalancer, 'name' | 'supports'>[] = [],
): readonly Feature[] {
  const { images, commands = !images, exec, init, logging = false, user, limits, mounts } = runtime.supports;
  const { execUser = false, execWorkingDir = false } = runtime.supports;
  const { networks, protocols } = network.supports;
  const features: readonly (Feature | false)[] = [
    images && 'images',
    commands && 'commands',
    exec && 'exec',
    exec && execUser && 'exec.user',
    exec && execWorkingDir && 'exec.workingDir',
    init && 'init',
    logging && 'logging',
    user && 'user',
    ...Object.entries(limits).map(([resource, can]) => can && `limits.${resource}`),
    ...mounts.map((type) => `mounts.${type}`),
    networks && 'networks',
    ...protocols.map((protocol) => `ports.${protocol}`),
    ...balancers.flatMap(({ name, supports }) =>
      [...supports.protocols, ...supports.policies].map((what) => `balancer.${name}.${what}`),
    ),
  ];
  return features.filter((feature) => feature !== false).toSorted();
}
