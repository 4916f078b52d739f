import type { KindInfo } from './kind-info.ts';

/** Name of a kind of the core. */
export type CoreKind = 'node' | 'service' | 'template' | 'task' | 'network' | 'event';

interface CoreKindInfo extends KindInfo {
  /** Singular name. */
  readonly kind: CoreKind;
}

/** What the kinds of the core are called; without their schemas, for programs that only ask. */
export const CORE_KINDS: readonly CoreKindInfo[] = Object.freeze([
  { kind: 'node', plural: 'nodes', shortNames: ['no'], namespaced: false, writable: true },
  { kind: 'service', plural: 'services', shortNames: ['svc'], namespaced: true, writable: true },
  { kind: 'template', plural: 'templates', shortNames: ['tpl'], namespaced: false, writable: false },
  { kind: 'task', plural: 'tasks', shortNames: [], namespaced: true, writable: false },
  { kind: 'network', plural: 'networks', shortNames: ['net'], namespaced: true, writable: true },
  { kind: 'event', plural: 'events', shortNames: ['ev'], namespaced: true, writable: false },
]);

/** What one of them is called. */
export function coreKind<K extends CoreKind>(name: K): Omit<KindInfo, 'writable'> & { readonly kind: K } {
  const { plural, shortNames, namespaced } = CORE_KINDS.find(({ kind }) => kind === name) as KindInfo;
  return { kind: name, plural, shortNames, namespaced };
}
