import type { KindInfo } from '../api/cluster-api.ts';
import type { Kind } from './kinds.ts';

/** What the kinds of the core are called; without their schemas, for programs that only ask. */
export const CORE_KINDS: readonly (KindInfo & { readonly kind: Kind })[] = Object.freeze([
  { kind: 'node', plural: 'nodes', shortNames: ['no'], namespaced: false, writable: true },
  { kind: 'service', plural: 'services', shortNames: ['svc'], namespaced: true, writable: true },
  { kind: 'template', plural: 'templates', shortNames: ['tpl'], namespaced: false, writable: false },
  { kind: 'task', plural: 'tasks', shortNames: [], namespaced: true, writable: false },
  { kind: 'network', plural: 'networks', shortNames: ['net'], namespaced: true, writable: true },
  { kind: 'event', plural: 'events', shortNames: ['ev'], namespaced: true, writable: false },
]);
