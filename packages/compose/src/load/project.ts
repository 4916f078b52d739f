import type { Problem } from '../model/problem.ts';
import type { Dict } from '../model/tree.ts';

/** A Compose project as its files say it: interpolated, extended, included, merged. Every value knows where it was written. */
export interface ComposeProject {
  readonly name: string;
  /** Absolute; what relative folders start from. */
  readonly root: string;
  /** The files that were given or found. */
  readonly files: readonly string[];
  /** Services in force; the others have profiles, none of which is active. */
  readonly services: readonly string[];
  readonly inactive: readonly string[];
  /** What was worth saying while it was read, such as variables that are not set. */
  readonly notes: readonly Problem[];
  /** The merged document. */
  readonly model: Dict;
  /** Env and label files of the services in force, by path; undefined where there is none. */
  readonly contents: ReadonlyMap<string, string | undefined>;
}
