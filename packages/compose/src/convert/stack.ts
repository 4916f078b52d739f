import type { ComposeProject } from '../load/project.ts';
import type { Cursor } from '../model/cursor.ts';
import type { Log } from '../model/log.ts';

/** A network of the project. */
export interface StackNetwork {
  /** Name of the network in Gantry. */
  readonly name: string;
  readonly external: boolean;
  /** A network of the engine itself, such as `host`. */
  readonly predefined?: true;
  readonly cursor: Cursor;
}

/** Which defaults apply: those of `docker compose` or of `docker stack deploy`. */
export type Dialect = 'compose' | 'swarm';

/** Context for the conversion of a service. */
export interface Stack {
  readonly project: ComposeProject;
  readonly log: Log;
  readonly dialect: Dialect;
  /** Name as used in object names and labels. */
  readonly name: string;
  /** The active services. */
  readonly services: ReadonlyMap<string, Cursor>;
  /** Names of the services in Gantry. */
  readonly names: ReadonlyMap<string, string>;
  readonly networks: ReadonlyMap<string, StackNetwork>;
}
