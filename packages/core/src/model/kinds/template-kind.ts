import { GantryError } from '../../errors.ts';
import { coreKind } from '../core-kinds.ts';
import type { KindDefinition } from '../kind-definition.ts';
import { hideTemplate, redactTemplate, templateContents } from './template-secrets.ts';

/** Templates, which the cluster writes and removes. */
export const templateKind: KindDefinition<'template'> = Object.freeze({
  ...coreKind('template'),
  description: 'The workload of a task; immutable, named by the hash of its content.',
  access: { viewedThrough: [{ kind: 'service', index: 'templates' }] },
  secrets: { redact: redactTemplate, hide: hideTemplate, contents: templateContents },
  deletion: {
    refuse: () =>
      new GantryError('UNSUPPORTED', 'a template is removed automatically once nothing refers to it'),
  },
} satisfies KindDefinition<'template'>);
