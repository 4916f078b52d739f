import type { LoadBalancer } from '@gantry/core';
import type { Frontend, FrontendStatus } from '@gantry/core/contracts';

export interface FrontendAssignment {
  /** Frontends by the name of the load balancer that serves them; an entry for each load balancer. */
  readonly byBalancer: ReadonlyMap<string, readonly Frontend[]>;
  /** Frontends that no load balancer of the machine can serve. */
  readonly rejected: readonly FrontendStatus[];
}

/** Gives each frontend to the load balancer that it names, or to the first one that supports it. Pure. */
export function assignFrontends(
  frontends: readonly Frontend[],
  balancers: readonly Pick<LoadBalancer, 'name' | 'supports'>[],
): FrontendAssignment {
  const byBalancer = new Map<string, Frontend[]>(balancers.map(({ name }) => [name, []]));
  const rejected: FrontendStatus[] = [];
  for (const frontend of frontends) {
    const chosen = balancers.find(
      ({ name, supports }) =>
        (frontend.loadBalancer ?? name) === name &&
        supports.protocols.includes(frontend.protocol) &&
        supports.policies.includes(frontend.policy),
    );
    if (chosen !== undefined) byBalancer.get(chosen.name)?.push(frontend);
    else rejected.push(unsupported(frontend));
  }
  return { byBalancer, rejected };
}

function unsupported({ id, address, port, protocol, policy, loadBalancer }: Frontend): FrontendStatus {
  const who =
    loadBalancer === undefined
      ? 'no load balancer of this machine supports'
      : `this machine has no load balancer "${loadBalancer}" that supports`;
  return {
    id,
    address,
    port,
    error: { code: 'UNSUPPORTED', message: `${who} ${protocol} with policy "${policy}"` },
  };
}
