import type { ComposeProject } from '../load/project.ts';
import type { Cursor } from '../model/cursor.ts';
import type { Log } from '../model/log.ts';

/** A network of the project, under its name in the file. */
export interface StackNetwork {
  /** The name of Gantry's network. */
  readonly name: string;
  readonly external: boolean;
  readonly cursor: Cursor;
}

/** What the conversion of a service needs to know of the whole. */
export interface Stack {
  readonly project: ComposeProject;
  readonly log: Log;
  /** As it stands in names and labels. */
  readonly name: string;
  /** Services in force. */
  readonly services: ReadonlyMap<string, Cursor>;
  /** Names of Gantry's services. */
  readonly names: ReadonlyMap<string, string>;
  readonly networks: ReadonlyMap<string, StackNetwork>;
}
