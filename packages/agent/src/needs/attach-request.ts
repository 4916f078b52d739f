import type { AttachRequest } from '@gantry/core/contracts';
import { idBeside, parseId, type TemplateSpec } from '@gantry/core/model';
import type { Assignment } from '@gantry/core/protocol';

/** What a task asks of the network of its node: its ports, those it had kept, and its networks by their ids. */
export function attachRequest(assignment: Assignment, template: TemplateSpec): AttachRequest {
  const { name: task, service, status } = assignment;
  return {
    task,
    service: parseId(service).name,
    ports: template.ports.map(({ target, protocol, mode, published }) => ({
      target,
      protocol,
      host: mode === 'host' ? published : undefined,
    })),
    networks: task.includes('/')
      ? template.networks.map(({ name, aliases }) => ({ name: idBeside(task, name), aliases }))
      : template.networks,
    ...(status.ports === undefined ? {} : { keep: status.ports }),
  };
}
