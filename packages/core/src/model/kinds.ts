import { GantryError } from '../errors.ts';
import type { StandardSchema } from '../standard-schema.ts';
import { CORE_KINDS } from './core-kinds.ts';
import type { Event } from './event.ts';
import type { Network, NetworkInput } from './network.ts';
import { networkInputSchema } from './network.ts';
import type { Node, NodeInput } from './node.ts';
import { nodeInputSchema } from './node.ts';
import type { Service, ServiceInput } from './service.ts';
import { serviceInputSchema } from './service.ts';
import type { Task } from './task.ts';
import type { Template } from './template.ts';

/** Every kind of object, and its type. A plugin that brings a kind adds it by declaration merging. */
export interface KindMap {
  node: Node;
  service: Service;
  template: Template;
  task: Task;
  network: Network;
  event: Event;
}

export type Kind = keyof KindMap;

export type AnyObject = KindMap[Kind];

/** The kinds a user writes, and how he may write them. */
export interface InputMap {
  node: NodeInput;
  service: ServiceInput;
  network: NetworkInput;
}

export type InputKind = keyof InputMap;

export type AnyInput = InputMap[InputKind];

/** What has to be known of a kind to store it, validate it and show it. */
export interface KindDefinition {
  /** Singular, as in `kind: service`. */
  readonly kind: Kind;
  /** As in a path and in `gantry get services`. */
  readonly plural: string;
  /** Other names for it: `svc`. */
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  /** In one sentence. */
  readonly description: string;
  /**
   * Validates and fills in what a user writes: an object of `kind`, `meta` and `spec`. Absent: only the cluster writes it.
   * A zod schema also describes itself in the API's documents.
   */
  readonly input?: StandardSchema | undefined;
}

/** What the kinds of the core are, and how the written ones are written. */
const ABOUT: Readonly<Record<string, Pick<KindDefinition, 'description' | 'input'>>> = Object.freeze({
  node: { description: 'A machine that runs tasks.', input: nodeInputSchema },
  service: {
    description: 'What is to run: a template, how many, where, and how it is replaced.',
    input: serviceInputSchema,
  },
  template: { description: 'What a task runs; immutable, named by the hash of its content.' },
  task: { description: 'One attempt to run one replica of a service on one node.' },
  network: {
    description: 'Tasks on one network reach each other by service name.',
    input: networkInputSchema,
  },
  event: { description: 'Something that happened, kept for a while.' },
});

/** The kinds of the core. */
export const KIND_DEFINITIONS: readonly KindDefinition[] = Object.freeze(
  CORE_KINDS.map(({ kind, plural, shortNames, namespaced }): KindDefinition => {
    const { description = '', input } = ABOUT[kind] ?? {};
    return { kind, plural, shortNames, namespaced, description, ...(input === undefined ? {} : { input }) };
  }),
);

/** Kept in the store beside the kinds. */
const RESERVED: readonly string[] = Object.freeze(['cluster', 'token']);

/**
 * The kinds of the core, and those of plugins.
 *
 * @throws `WIRING` for a kind whose name, plural or short name is another's, or is no DNS label.
 */
export function allKinds(more: readonly KindDefinition[]): readonly KindDefinition[] {
  const all = [...KIND_DEFINITIONS, ...more];
  const taken = new Set([...RESERVED, ...RESERVED.map((name) => `${name}s`)]);
  for (const { kind, plural, shortNames } of all) {
    for (const name of new Set([kind, plural, ...shortNames])) {
      if (!/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) {
        throw new GantryError('WIRING', `kind "${kind}": "${name}" is no lower-case DNS label`);
      }
      if (taken.has(name)) throw new GantryError('WIRING', `kind "${kind}": the name "${name}" is taken`);
      taken.add(name);
    }
  }
  return all;
}

/** Under which keys a kind is stored: `tasks/`. */
export function keyPrefix(kind: Kind): string {
  return `${kind}s/`;
}

/** The key of one object by its id: `tasks/web.1.k2x9f0ab`, `services/team-a/web`. */
export function keyOf(kind: Kind, id: string): string {
  return `${kind}s/${id}`;
}
