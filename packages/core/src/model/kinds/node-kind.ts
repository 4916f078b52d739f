import { GantryError } from '../../errors.ts';
import { coreKind } from '../core-kinds.ts';
import { idOf } from '../ids.ts';
import type { KindDefinition } from '../kind-definition.ts';
import { nodeInputSchema } from '../node.ts';

/** Nodes, which their agents create, and users change. */
export const nodeKind: KindDefinition<'node'> = Object.freeze({
  ...coreKind('node'),
  description: 'A machine that runs tasks.',
  input: nodeInputSchema,
  createdBy: 'its agent',
  access: { write: 'admin' },
  applyOrder: -10,
  deletion: {
    refuse: ({ meta, status }) =>
      status.state === 'down'
        ? undefined
        : new GantryError('CONFLICT', `node ${idOf(meta)} is up: stop its agent first`),
  },
} satisfies KindDefinition<'node'>);
