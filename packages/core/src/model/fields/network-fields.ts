import type { FieldTable } from './field-table.ts';

/** Fields, with their types and comments. Generated from the interfaces of the model: see CONTRIBUTING.md. */
export const NETWORK_FIELDS: FieldTable = Object.freeze({
  kind: ["'network'", 'Always `network`.'],
  meta: ['object', 'Name, namespace and other data that every object has.'],
  spec: ['object', 'Desired state.'],
  'spec.subnet': ['string', 'CIDR (default: chosen by the driver).'],
  'spec.internal': ['boolean', 'Whether the network has no way out.'],
});
