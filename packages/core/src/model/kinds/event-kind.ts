import { coreKind } from '../core-kinds.ts';
import type { KindDefinition } from '../kind-definition.ts';

/** Events, which the cluster writes and removes. */
export const eventKind: KindDefinition<'event'> = Object.freeze({
  ...coreKind('event'),
  description: 'Something that happened, kept for a while.',
  indexes: { regarding: ({ spec }) => `${spec.regarding.kind}/${spec.regarding.name}` },
} satisfies KindDefinition<'event'>);
