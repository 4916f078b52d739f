import type { Colors } from './colors.ts';
import { type Failed, hintFor } from './hints.ts';
import type { Problem } from './problem.ts';

/** Renders `error: CODE message`, a line for each issue with its path, and a hint. */
export function renderProblem(
  problem: Problem,
  colors: Colors,
  failed: Omit<Failed, 'message'> = { path: '', options: [] },
): string {
  const { code, message } = problem;
  // A message with several lines, as for a Compose file, already contains each issue.
  const issues = message.includes('\n') ? [] : problem.issues;
  const hint = problem.hint ?? hintFor(code, { ...failed, message });
  const many = issues.length > 0;
  const lines = [`${colors.red('error:')} ${colors.bold(code)} ${many ? headline(problem) : message}`];
  for (const issue of issues) {
    lines.push(issue.path === '' ? `  ${issue.message}` : `  ${colors.cyan(issue.path)}: ${issue.message}`);
  }
  if (hint !== undefined) lines.push(`${colors.dim('hint:')} ${hint}`);
  return `${lines.join('\n')}\n`;
}

/** The message without its issues, which the cluster's errors append after `what: `. */
function headline({ message, issues }: Problem): string {
  const first = issues[0];
  if (first === undefined) return message;
  const text = first.path === '' ? first.message : `${first.path}: ${first.message}`;
  const at = message.indexOf(`: ${text}`);
  return at < 0 ? message : message.slice(0, at);
}
