import type { Issue } from '@gantry/core';
import { GantryError } from '@gantry/core';

/**
 * How bad a problem is. `invalid`: the file is wrong, or nothing can be made of it. `unsupported`: the file is right, and
 * Gantry cannot do what it asks for. `note`: nothing is lost, but it is worth knowing.
 */
export type Severity = 'invalid' | 'unsupported' | 'note';

/** Something to be said about one place of a Compose file. */
export interface Problem extends Issue {
  readonly severity: Severity;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
}

/** One line per problem: `file:line:column path: reason`. */
export function formatProblems(problems: readonly Problem[]): string {
  return problems
    .map(({ file, line, column, path, message }) => {
      const where = `${file}:${line}:${column}`;
      return path === '' ? `${where}: ${message}` : `${where} ${path}: ${message}`;
    })
    .join('\n');
}

/** The problems an error of this package carries; none if it is some other error. */
export function problemsOf(error: unknown): readonly Problem[] {
  const issues: unknown = (error as { issues?: unknown } | null)?.issues;
  return Array.isArray(issues) ? issues.filter((issue) => 'severity' in issue && 'file' in issue) : [];
}

/** Problems in the message of an error. */
const MAX_SHOWN = 100;

/** `INVALID_OBJECT` with all of the problems as its issues, and the text of the first 100 as its message. */
export function refused(what: string, found: readonly Problem[]): GantryError {
  const problems = inOrder(found);
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  const shown = formatProblems(problems.slice(0, MAX_SHOWN));
  const rest = problems.length > MAX_SHOWN ? `\n… and ${problems.length - MAX_SHOWN} more` : '';
  return new GantryError('INVALID_OBJECT', `${what}: ${count}\n${shown}${rest}`, {
    issues: problems,
  });
}

/** File by file as they first occur, and from top to bottom within each. */
export function inOrder(problems: readonly Problem[]): readonly Problem[] {
  const files = [...new Set(problems.map(({ file }) => file))];
  return [...problems].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
  );
}
