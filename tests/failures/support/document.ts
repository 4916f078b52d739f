import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from '../../docs/support/documents.ts';
import type { When } from './row.ts';
import type { Outcome } from './trial.ts';

const path = join(root, 'docs/guide/failures.md');
const HEAD = [
  'What fails',
  'When',
  'Exit code',
  'Reason',
  'Reason of the task',
  'Event',
  'Serving',
  'After',
  'The command ends with',
];
/** The others vary from run to run: time, and the words of an engine. */
const FIXED = 7;

/** What became of one row. */
export interface Line {
  readonly row: string;
  readonly when: When;
  readonly outcome: Outcome;
  /** The one that is shown of its events. */
  readonly event: string | undefined;
}

/** The fixed columns of a table that was measured. */
export function fixedColumns(lines: readonly Line[]): readonly (readonly string[])[] {
  return lines.map((line) => cellsOf(line).slice(0, FIXED));
}

/** The fixed columns of the table of a section as it is committed; with GANTRY_UPDATE_DOCS=1 it is written first. */
export async function committedColumns(
  title: string,
  lines: readonly Line[],
): Promise<readonly (readonly string[])[]> {
  const text = await readFile(path, 'utf8');
  const [before, section, after] = split(text, title);
  if (process.env.GANTRY_UPDATE_DOCS === '1') {
    const prose = section.split('\n').filter((line) => !line.startsWith('|'));
    const table = [HEAD, HEAD.map(() => '---'), ...lines.map(cellsOf)].map(
      (cells) => `| ${cells.join(' | ')} |`,
    );
    const written = `${prose.join('\n').trim()}\n\n${table.join('\n')}\n`;
    await writeFile(path, `${before}${written}${after === '' ? '' : `\n${after}`}`);
    return fixedColumns(lines);
  }
  const rows = section.split('\n').filter((line) => line.startsWith('| '));
  return rows.slice(2).map((row) =>
    row
      .split(' | ')
      .slice(0, FIXED)
      .map((cell) => cell.replace(/^\| /, '').trim()),
  );
}

/** A document around a section: all before its heading, the section, all from the next heading on. */
function split(text: string, title: string): readonly [string, string, string] {
  const start = text.indexOf(`## ${title}\n`);
  if (start < 0) throw new Error(`${path} has no section "${title}"`);
  const next = text.indexOf('\n## ', start);
  const end = next < 0 ? text.length : next + 1;
  return [text.slice(0, start), text.slice(start, end), text.slice(end)];
}

function cellsOf({ row, when, outcome, event }: Line): string[] {
  const { exit, reason, task, serving, tookMs, printed } = outcome;
  const served = [
    serving.old > 0 ? `${serving.old} old` : '',
    serving.new > 0 ? `${serving.new} new` : '',
  ].filter((part) => part !== '');
  return [
    row,
    when === 'deploy' ? 'first deployment' : 'update',
    String(exit),
    reason === undefined ? 'not stored' : code(reason),
    task === undefined ? '' : code(task),
    event === undefined ? '' : code(event),
    served.length === 0 ? 'nothing' : served.join(', '),
    `${(tookMs / 1000).toFixed(1)} s`,
    lastWord(printed),
  ];
}

const code = (word: string): string => `\`${word}\``;

/** The line with the result, without what varies. */
function lastWord(printed: string): string {
  const lines = printed.split('\n');
  const line =
    lines.find((each) => each.startsWith('error: ')) ??
    lines.find((each) => / is up to date: /.test(each)) ??
    '';
  return line
    .replace(/^error: /, '')
    .replace(/\b(service[/ ])?[a-z0-9-]+-(deploy|update)\b/g, '$1web')
    .replace(/\b(web|[a-z]+)\.(\d+)\.[a-z0-9]{8}\b/g, '$1.$2')
    .replace(/127\.0\.0\.1:\d{4,5}/g, '127.0.0.1:PORT')
    .replaceAll('|', '\\|');
}
