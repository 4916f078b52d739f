import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { CliError } from '../output/problem.ts';
import type { Cx } from '../session.ts';

const VARIABLES = ['GANTRY_EDITOR', 'VISUAL', 'EDITOR'] as const;

/** Returns the user's editor, with its arguments in shell syntax; `vi` if none is set. */
export function editorOf(env: Cx['io']['env']): string {
  return VARIABLES.map((name) => env[name]?.trim()).find((editor) => editor) ?? 'vi';
}

/**
 * Opens a file in the user's editor and resolves when the editor has exited.
 *
 * @throws `FAILED` if it cannot be run or exits with an error
 */
export async function runEditor(cx: Cx, file: string): Promise<void> {
  const editor = editorOf(cx.io.env);
  const child = spawn('/bin/sh', ['-c', `${editor} "$@"`, 'editor', file], {
    cwd: cx.io.cwd,
    env: { ...cx.io.env },
    stdio: 'inherit',
  });
  const stop = (): void => void child.kill('SIGTERM');
  cx.signal.addEventListener('abort', stop);
  const [code, signal] = (await once(child, 'exit').finally(() =>
    cx.signal.removeEventListener('abort', stop),
  )) as [number | null, NodeJS.Signals | null];
  if (code === 0) return;
  if (code === 127) {
    const hint = `set one of ${VARIABLES.join(', ')}`;
    throw new CliError('FAILED', `the editor "${editor}" cannot be run`, hint);
  }
  throw new CliError(
    'FAILED',
    `the editor "${editor}" ${signal === null ? `exited with ${code}` : `was ended by ${signal}`}`,
  );
}
