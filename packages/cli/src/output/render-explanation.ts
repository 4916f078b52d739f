import type { ExplainResult } from '@gantry/core/api';
import type { Explanation } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import type { Colors } from './colors.ts';
import { fixed } from './quantity.ts';
import { renderTable } from './table.ts';

/** Explains why a task is placed on its node, why not on others, and what would make it fit. */
export function renderExplanation(explanation: Explanation, colors: Colors): string {
  const { scheduler, nodes, feasible, filters, ranking, summary } = explanation;
  const lines = [
    summary,
    colors.dim(
      `scheduler ${scheduler}: ${counted(nodes, 'node')} checked, ${feasible} of them passed every filter`,
    ),
  ];
  if (filters.length > 0) {
    lines.push('', colors.bold('Why not elsewhere:'));
    for (const { filter, code, rejected, message, nodes: names, nearest, remedy } of filters) {
      lines.push(
        `  ${colors.yellow(code)} (${filter}): ${counted(rejected, 'node')}${some(names, rejected)}`,
      );
      lines.push(`    ${message}`);
      if (nearest !== undefined) lines.push(`    nearest miss: ${nearest.node}: ${nearest.message}`);
      if (remedy !== undefined) lines.push(`    ${colors.green('what would help:')} ${remedy}`);
    }
  }
  if (ranking.length > 0) {
    lines.push('', colors.bold('Best nodes:'));
    const scorers = [...new Set(ranking.flatMap(({ scores }) => scores.map(({ scorer }) => scorer)))];
    const rows = ranking.map(({ node, scores }) => [
      `  ${node}`,
      ...scorers.map((scorer) => showScore(scores.find((score) => score.scorer === scorer)?.score)),
    ]);
    lines.push(
      renderTable([['  NODE', ...scorers.map((scorer) => scorer.toUpperCase())], ...rows]).trimEnd(),
    );
  }
  return `${lines.join('\n')}\n`;
}

/** Renders the result of `explain`: the placement, the scheduler's explanation, and notes. */
export function renderExplained(result: ExplainResult, colors: Colors): string {
  const { kind, name, node, state, placement, notes } = result;
  const where = [state, node === undefined ? undefined : `on ${node}`]
    .filter((part) => part !== undefined)
    .join(' ');
  const head = `${colors.bold(`${kind}/${name}`)}${where === '' ? '' : `: ${where}`}\n`;
  const explanation = placement === undefined ? '' : renderExplanation(placement, colors);
  const more =
    notes.length === 0 ? '' : `\n${colors.bold('Notes:')}\n${notes.map((note) => `  - ${note}\n`).join('')}`;
  return `${head}${explanation}${more}`;
}

const some = (names: readonly string[], all: number): string => {
  if (names.length === 0) return '';
  const shown = names.slice(0, 5).join(', ');
  return all > Math.min(names.length, 5) ? `: ${shown}, …` : `: ${shown}`;
};

const showScore = (score: number | undefined): string => (score === undefined ? '-' : fixed(score, 3));
