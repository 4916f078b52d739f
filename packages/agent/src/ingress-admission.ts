import {
  type Admission,
  type AdmissionRequest,
  type AnyObject,
  contracts,
  definePlugin,
  GantryError,
  idOf,
  type LoadBalancer,
  type Service,
} from '@gantry/core';

/** Rejects a service that publishes a port whose protocol, or a policy, that the load balancer cannot honour. */
class IngressAdmission implements Admission {
  readonly name = 'ingress';
  readonly kinds = ['service'] as const;
  readonly #supports: LoadBalancer['supports'];

  constructor({ supports }: LoadBalancer) {
    this.#supports = supports;
  }

  admit({ operation, object }: AdmissionRequest): AnyObject {
    const { meta, spec } = object as Service;
    if (operation === 'delete') return object;
    const { protocols, policies } = this.#supports;
    const issues = spec.template.ports.flatMap(({ mode, published, protocol, target }, index) => {
      if (mode !== 'ingress' || published === undefined || protocols.includes(protocol)) return [];
      const message = `the load balancer does not forward ${protocol}: publish port ${target}/${protocol} with mode "host"`;
      return [{ path: `spec.template.ports[${index}].protocol`, message }];
    });
    const publishes = spec.template.ports.some(
      ({ mode, published }) => mode === 'ingress' && published !== undefined,
    );
    if (publishes && !policies.includes(spec.balance)) {
      const message = `the load balancer does not support "${spec.balance}"; it has ${policies.join(', ')}`;
      issues.push({ path: 'spec.balance', message });
    }
    if (issues.length === 0) return object;
    const text = issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new GantryError('UNSUPPORTED', `service ${idOf(meta)}: ${text}`, { issues });
  }
}

/** Plugin: rejects published ports that this cluster's load balancer cannot forward. */
export const ingressAdmission = definePlugin({
  name: 'admission-ingress',
  provides: contracts.admission,
  needs: { loadBalancer: contracts.loadBalancer },
  create: (_options, { loadBalancer }) => new IngressAdmission(loadBalancer),
});
