import type { Event } from './event.ts';
import type { Network, NetworkInput } from './network.ts';
import type { Node, NodeInput } from './node.ts';
import type { Service, ServiceInput } from './service.ts';
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

/** The kinds that users write, each with the form in which they may write it. */
export interface InputMap {
  node: NodeInput;
  service: ServiceInput;
  network: NetworkInput;
}

export type InputKind = keyof InputMap;

export type AnyInput = InputMap[InputKind];

/** Under which keys a kind is stored: `tasks/`. */
export function keyPrefix(kind: Kind): string {
  return `${kind}s/`;
}

/** The key of one object by its id: `tasks/web.1.k2x9f0ab`, `services/team-a/web`. */
export function keyOf(kind: Kind, id: string): string {
  return `${kind}s/${id}`;
}
