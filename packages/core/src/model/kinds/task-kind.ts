import { coreKind } from '../core-kinds.ts';
import type { KindDefinition } from '../kind-definition.ts';
import { shutDown } from '../shut-down.ts';

/** Tasks, which the controller of services creates and removes. */
export const taskKind: KindDefinition<'task'> = Object.freeze({
  ...coreKind('task'),
  description: 'One attempt to run one replica of a service on one node.',
  indexes: { service: ({ spec }) => spec.service, node: ({ spec }) => spec.node },
  deletion: {
    finalizer: 'controller-service',
    begin: (task, now) => (task.spec.desired === 'shutdown' ? task : shutDown(task, 'it was deleted', now)),
  },
} satisfies KindDefinition<'task'>);
