import type { FieldTable } from './field-table.ts';

/** Fields, with their types and comments. Generated from the interfaces of the model: see CONTRIBUTING.md. */
export const META_FIELDS: FieldTable = Object.freeze({
  name: ['string', 'A DNS label; unique within its kind and namespace.'],
  namespace: ['string', 'A DNS label; absent on kinds that live outside of namespaces.'],
  uid: ['string', 'Unique over time: a deleted and recreated object gets another.'],
  revision: [
    'number',
    "The store's revision of this object, on objects the API hands out. An update that carries it is done only if the object still has it.",
  ],
  generation: [
    'number',
    'Counts changes of what the user wants (`spec`); `status.observedGeneration` tells which one was acted on.',
  ],
  createdAt: ['number', 'ms since the epoch.'],
  deletedAt: [
    'number',
    'Set once the object is being deleted; it is removed when everything that depends on it is gone.',
  ],
  labels: [
    'map',
    'Key-value pairs that selectors match. Keys may have a DNS prefix; values have at most 253 characters.',
  ],
  annotations: [
    'map',
    'Free text for people and programs, which nothing selects by; at most 256 KiB in total. Absent if there is none.',
  ],
  managers: [
    'map',
    'What each manager last applied, to distinguish fields it no longer sets from fields set by others.',
  ],
  'managers.*.labels': ['map', 'The labels that it set.'],
  'managers.*.annotations': ['map', 'The annotations that it set.'],
  'managers.*.spec': ['object', 'The fields of `spec` that it set.'],
});
