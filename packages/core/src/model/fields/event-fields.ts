import type { FieldTable } from './field-table.ts';

/** Fields, with their types and comments. Generated from the interfaces of the model: see CONTRIBUTING.md. */
export const EVENT_FIELDS: FieldTable = Object.freeze({
  kind: ["'event'", 'Always `event`.'],
  meta: ['object', 'Name, namespace and other data that every object has.'],
  spec: ['object', 'What happened.'],
  'spec.regarding': ['object', 'Kind and id of the object concerned.'],
  'spec.regarding.kind': ['string', 'Kind of the object.'],
  'spec.regarding.name': ['string', 'Id of the object.'],
  'spec.type': ["'normal' | 'warning'", '`warning`: something went wrong.'],
  'spec.reason': ['string', 'CamelCase, for programs.'],
  'spec.message': ['string', 'Description of the event, for people.'],
  'spec.count': ['number', 'Number of times it has happened.'],
  'spec.firstAt': ['number', 'When it happened first, ms since the epoch.'],
  'spec.lastAt': ['number', 'When it happened most recently, ms since the epoch.'],
});
