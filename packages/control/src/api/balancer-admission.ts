import { type Admission, contracts, definePlugin, GantryError, type Issue, type Views } from '@gantry/core';
import type { AdmissionRequest } from '@gantry/core/contracts';
import { type AnyObject, idOf, type Service, type ServiceSpec } from '@gantry/core/model';

/** Protocols and policies that a load balancer supports somewhere in the cluster, by its name. */
export type Balancers = ReadonlyMap<string, ReadonlySet<string>>;

const PREFIX = 'balancer.';

/** Collects the load balancers that nodes show among their features. Pure. */
export function balancersOf(features: Iterable<string>): Balancers {
  const balancers = new Map<string, Set<string>>();
  for (const feature of features) {
    if (!feature.startsWith(PREFIX)) continue;
    const end = feature.lastIndexOf('.');
    const name = feature.slice(PREFIX.length, end);
    balancers.set(name, (balancers.get(name) ?? new Set()).add(feature.slice(end + 1)));
  }
  return balancers;
}

/** The requirements of a service's published ports that no load balancer of the cluster can honour. Pure. */
export function balancerIssues(spec: ServiceSpec, balancers: Balancers): readonly Issue[] {
  const { loadBalancer, balance, template } = spec;
  const ports = template.ports.flatMap(({ mode, published, protocol, target }, index) =>
    mode === 'ingress' && published !== undefined ? [{ index, protocol, target }] : [],
  );
  const isChosen = loadBalancer !== undefined;
  const chosen = isChosen ? balancers.get(loadBalancer) : undefined;
  if (isChosen && chosen === undefined && balancers.size > 0) {
    const names = [...balancers.keys()].toSorted().join(', ');
    return [{ path: 'spec.loadBalancer', message: `no machine has "${loadBalancer}"; available: ${names}` }];
  }
  const candidates = chosen === undefined ? [...balancers.values()] : [chosen];
  if (candidates.length === 0 || ports.length === 0) return [];
  const balancing = candidates.filter((supports) => supports.has(balance));
  if (balancing.length === 0)
    return [{ path: 'spec.balance', message: `no load balancer supports "${balance}"` }];
  const who = balancing.length === 1 ? 'the load balancer does not forward' : 'no load balancer forwards';
  return ports
    .filter(({ protocol }) => !balancing.some((supports) => supports.has(protocol)))
    .map(({ index, protocol, target }) => ({
      path: `spec.template.ports[${index}].protocol`,
      message: `${who} ${protocol}: publish port ${target}/${protocol} with mode "host"`,
    }));
}

/** Rejects a service that publishes ports which no load balancer can serve, as far as nodes show load balancers. */
class BalancerAdmission implements Admission {
  readonly name = 'balancer';
  readonly kinds = ['service'] as const;
  readonly #views: Views;
  /** The load balancers as of a revision of the nodes: services change often, nodes rarely. */
  #known: { readonly revision: number; readonly balancers: Balancers } | undefined;

  constructor(views: Views) {
    this.#views = views;
  }

  admit({ operation, object }: AdmissionRequest): AnyObject {
    if (operation === 'delete') return object;
    const { meta, spec } = object as Service;
    const issues = balancerIssues(spec, this.#balancers());
    if (issues.length === 0) return object;
    const text = issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new GantryError('UNSUPPORTED', `service ${idOf(meta)}: ${text}`, { issues });
  }

  #balancers(): Balancers {
    const nodes = this.#views.of('node');
    const { revision } = nodes;
    if (this.#known?.revision !== revision) {
      const features = [...nodes.all()].flatMap(({ value }) => value.status.features ?? []);
      this.#known = { revision, balancers: balancersOf(features) };
    }
    return this.#known.balancers;
  }
}

/** Plugin: rejects published ports that no load balancer of the cluster can serve. */
export const balancerAdmission = definePlugin({
  name: 'admission-balancer',
  provides: contracts.admission,
  needs: { views: contracts.views },
  create: (_options, { views }) => new BalancerAdmission(views),
});
