import type { ComposeProject } from '../load/project.ts';
import type { Cursor } from '../model/cursor.ts';
import type { Log } from '../model/log.ts';

/** A network of the project, under its name in the file. */
export interface StackNetwork {
  /** The name of Gantry's network. */
  readonly name: string;
  readonly external: boolean;
  /** A network of the engine itself, such as `host`. */
  readonly predefined?: true;
  readonly cursor: Cursor;
}

/** Whose defaults hold: those of `docker compose`, or those of `docker stack deploy`. */
export type Dialect = 'compose' | 'swarm';

/** What the conversion of a service needs to know of the whole. */
export interface Stack {
  readonly project: ComposeProject;
  readonly log: Log;
  readonly dialect: Dialect;
  /** As it stands in names and labels. */
  readonly name: string;
  /** Services in force. */
  readonly services: ReadonlyMap<string, Cursor>;
  /** Names of Gantry's services. */
  readonly names: ReadonlyMap<string, string>;
  readonly networks: ReadonlyMap<string, StackNetwork>;
}
