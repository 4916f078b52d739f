import { isGantryError } from '@gantry/core';
import { type AnyObject, idOf, type Kind } from '@gantry/core/model';
import { createTwoFilesPatch } from 'diff';
import type { ManagerOptions } from '../actions/apply-inputs.ts';
import { type FilesOptions, filesOption, readInputs } from '../input/files-option.ts';
import type { Colors } from '../output/colors.ts';
import { EXIT, exitCodeOf } from '../output/exit-codes.ts';
import { renderYaml } from '../output/format.ts';
import { plainObject } from '../output/plain-object.ts';
import { problemOf } from '../output/problem.ts';
import { renderProblem } from '../output/render-problem.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

/** Defines `gantry diff -f FILE`: exits with 1 if there are differences, and with another code on failure. */
export const diff: Define = (command, act) => {
  filesOption(command)
    .option('--manager <name>', 'field manager', 'gantry')
    .option('--force', 'take ownership of fields set by another manager')
    .action(
      act<[], FilesOptions & ManagerOptions>(async (cx, _, options) => {
        try {
          return (await showDifferences(cx, options)) ? EXIT.failed : EXIT.ok;
        } catch (error) {
          const problem = problemOf(error);
          const code = exitCodeOf(problem.code);
          if (code !== EXIT.failed) throw error;
          cx.io.stderr.write(renderProblem(problem, cx.colors));
          return EXIT.usage; // 1 means that there are differences
        }
      }),
    );
};

async function showDifferences(cx: Cx, options: FilesOptions & ManagerOptions): Promise<boolean> {
  const api = await cx.api();
  const inputs = await readInputs(cx, options);
  const before = await Promise.all(
    inputs.map(({ kind, meta }) =>
      api.get(kind as Kind, idOf(meta), { signal: cx.signal }).catch((error: unknown) => {
        if (isGantryError(error, 'NOT_FOUND')) return undefined;
        throw error;
      }),
    ),
  );
  const { manager, force } = options;
  const after = await api.applyAll(inputs, { manager, force, dryRun: true, signal: cx.signal });
  let different = false;
  for (const [index, object] of after.entries()) {
    const patch = await patchOf(before[index], object);
    if (patch === undefined) continue;
    different = true;
    cx.io.stdout.write(coloured(patch, cx.colors));
  }
  return different;
}

async function patchOf(before: AnyObject | undefined, after: AnyObject): Promise<string | undefined> {
  const name = `${after.kind}/${idOf(after.meta)}`;
  const [old, next] = await Promise.all([
    before === undefined ? '' : renderYaml(plainObject(before)),
    renderYaml(plainObject(after)),
  ]);
  if (old === next) return undefined;
  const patch = createTwoFilesPatch(
    before === undefined ? '/dev/null' : name,
    name,
    old,
    next,
    'live',
    'applied',
  );
  return patch.replace(/^=+\n/, '');
}

function coloured(patch: string, colors: Colors): string {
  return patch
    .split('\n')
    .map((line) => {
      if (line.startsWith('---') || line.startsWith('+++')) return colors.bold(line);
      if (line.startsWith('@@')) return colors.cyan(line);
      if (line.startsWith('+')) return colors.green(line);
      return line.startsWith('-') ? colors.red(line) : line;
    })
    .join('\n');
}
