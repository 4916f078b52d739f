import type { Problem } from '../model/problem.ts';
import type { Dict } from '../model/tree.ts';

/**
 * A Compose project after interpolation, extension, inclusion and merging. Every value has the place where it was
 * written.
 */
export interface ComposeProject {
  /** Name of the project. */
  readonly name: string;
  /** Absolute base of relative directories. */
  readonly root: string;
  /** The files that were given or found. */
  readonly files: readonly string[];
  /** Active services; `inactive` are those whose profiles are all inactive. */
  readonly services: readonly string[];
  /** Names of services whose profiles are not active. */
  readonly inactive: readonly string[];
  /** Notes from loading, such as unset variables. */
  readonly notes: readonly Problem[];
  /** The merged document. */
  readonly model: Dict;
  /** Env and label files of the active services, by path; undefined for missing files. */
  readonly contents: ReadonlyMap<string, string | undefined>;
}
