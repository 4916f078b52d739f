import type { Event } from './event.ts';
import type { Network, NetworkInput } from './network.ts';
import { networkInputSchema } from './network.ts';
import type { Node, NodeInput } from './node.ts';
import { nodeInputSchema } from './node.ts';
import type { Service, ServiceInput } from './service.ts';
import { serviceInputSchema } from './service.ts';
import type { Task } from './task.ts';
import type { Template } from './template.ts';

/** Every kind of object, and its type. */
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

export const KINDS: readonly Kind[] = Object.freeze([
  'node',
  'service',
  'template',
  'task',
  'network',
  'event',
]);

/** Validates and fills in what `apply` is given. The other kinds are written by controllers and agents only. */
export const inputSchemas = Object.freeze({
  node: nodeInputSchema,
  service: serviceInputSchema,
  network: networkInputSchema,
});

/** Under which keys a kind is stored: `tasks/`. */
export function keyPrefix(kind: Kind): string {
  return `${kind}s/`;
}

/** The key of one object: `tasks/web.1.k2x9f0ab`. */
export function keyOf(kind: Kind, name: string): string {
  return `${kind}s/${name}`;
}
