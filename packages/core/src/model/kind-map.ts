import type { Event } from './event.ts';
import type { Network, NetworkInput } from './network.ts';
import type { Node, NodeInput } from './node.ts';
import type { Service, ServiceInput } from './service.ts';
import type { Task } from './task.ts';
import type { Template } from './template.ts';

/** Every kind of object, and its type. A plugin that brings a kind adds it by declaration merging. */
export interface KindMap {
  /** A machine that runs tasks. */
  node: Node;
  /** Specification of the workload. */
  service: Service;
  /** Specification of the workload of each task. */
  template: Template;
  /** One attempt to run one replica. */
  task: Task;
  /** Connects tasks. */
  network: Network;
  /** Something that happened. */
  event: Event;
}

/** Name of a kind. */
export type Kind = keyof KindMap;

/** An object of any kind. */
export type AnyObject = KindMap[Kind];

/** The kinds that users write, each with the form in which they may write it. */
export interface InputMap {
  /** A node as a user may write it. */
  node: NodeInput;
  /** A service as a user may write it. */
  service: ServiceInput;
  /** A network as a user may write it. */
  network: NetworkInput;
}

/** Name of a kind that users write. */
export type InputKind = keyof InputMap;

/** An object of any kind, as a user may write it. */
export type AnyInput = InputMap[InputKind];

/** Under which keys a kind is stored: `tasks/`. */
export function keyPrefix(kind: Kind): string {
  return `${kind}s/`;
}

/** The key of one object by its id: `tasks/web.1.k2x9f0ab`, `services/team-a/web`. */
export function keyOf(kind: Kind, id: string): string {
  return `${kind}s/${id}`;
}
