import { GantryError, type Issue } from '@gantry/core';

/**
 * Severity of a problem. `invalid`: the file is wrong or cannot be converted. `unsupported`: the file is valid, but
 * Gantry does not support what it requests. `note`: nothing is lost, but it is worth knowing.
 */
export type Severity = 'invalid' | 'unsupported' | 'note';

/** A problem at one place of a Compose file. */
export interface Problem extends Issue {
  /** `error`: the project cannot be converted; `warning`: something is left out or works differently. */
  readonly severity: Severity;
  /** Path of the file, as given. */
  readonly file: string;
  /** Starts at 1. */
  readonly line: number;
  /** Starts at 1. */
  readonly column: number;
}

/** Formats one problem a line: `file:line:column path: reason`. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems
    .map(({ file, line, column, path, message }) => {
      const where = `${file}:${line}:${column}`;
      return path === '' ? `${where}: ${message}` : `${where} ${path}: ${message}`;
    })
    .join('\n');
}

/** Returns the problems of an error from this package; an empty list for any other error. */
export function problemsOf(error: unknown): readonly Problem[] {
  const issues: unknown = (error as { issues?: unknown } | null)?.issues;
  return Array.isArray(issues) ? issues.filter((issue) => 'severity' in issue && 'file' in issue) : [];
}

/** Maximum number of problems in the message of an error. */
const MAX_SHOWN = 100;

/** Returns an `INVALID_OBJECT` error with all problems as its issues, and the first 100 in its message. */
export function refused(what: string, found: readonly Problem[]): GantryError {
  const problems = inOrder(found);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const shown = formatProblems(problems.slice(0, MAX_SHOWN));
  const rest = problems.length > MAX_SHOWN ? `\n… and ${problems.length - MAX_SHOWN} more` : '';
  return new GantryError('INVALID_OBJECT', `${what}: ${count}\n${shown}${rest}`, {
    issues: problems,
  });
}

/** Sorts problems by file, in the order in which the files first occur, and by position within each file. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const files = [...new Set(problems.map(({ file }) => file))];
  return [...problems].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
