import type { Backend, Frontend } from '@gantry/core/contracts';
import { idOf, type Service, type Task } from '@gantry/core/model';

/**
 * The ports that a service publishes, with the tasks behind each: ready tasks receive traffic, stopping ones are
 * drained. Pure.
 */
export function frontendsOf(
  service: Service,
  tasks: Iterable<Task>,
  isUp: (node: string) => boolean,
): Frontend[] {
  const ports = service.spec.template.ports.filter(
    ({ mode, published }) => mode === 'ingress' && published !== undefined,
  );
  if (ports.length === 0) return [];
  const candidates = [...tasks].filter(({ spec, status }) => {
    const serves = status.state === 'running' || status.state === 'stopping';
    return serves && status.ports !== undefined && spec.node !== undefined && isUp(spec.node);
  });
  const id = idOf(service.meta);
  return ports.map((port) => ({
    id: `${id}/${port.target}/${port.protocol}`,
    service: id,
    protocol: port.protocol,
    address: '',
    port: port.published as number,
    policy: service.spec.balance,
    loadBalancer: service.spec.loadBalancer,
    appProtocol: port.appProtocol,
    backends: candidates.flatMap((task): Backend[] => {
      const at = task.status.ports?.find(
        ({ target, protocol }) => target === port.target && protocol === port.protocol,
      );
      if (at === undefined) return [];
      const ready = task.status.ready && task.status.state === 'running' && task.spec.desired === 'running';
      const draining = task.spec.desired === 'shutdown';
      if (!ready && !draining) return [];
      return [
        { id: idOf(task.meta), address: at.address, port: at.port, state: ready ? 'ready' : 'draining' },
      ];
    }),
  }));
}
