import { coreKind } from '../core-kinds.ts';
import type { KindDefinition } from '../kind-definition.ts';
import { networkInputSchema } from '../network.ts';

/** Networks, which cannot be changed, and not deleted while a service is attached. */
export const networkKind: KindDefinition<'network'> = Object.freeze({
  ...coreKind('network'),
  description: 'Tasks on one network reach each other by service name.',
  input: networkInputSchema,
  applyOrder: -20,
  immutable: ['spec'],
} satisfies KindDefinition<'network'>);
