import { isGantryError } from '@gantry/core';
import type { Kind } from '@gantry/core/model';
import { type Ref, showRef, withSuggestion } from '../cluster/refs.ts';
import { selectRefs } from '../cluster/select-refs.ts';
import { type FilesOptions, filesOption } from '../input/files-option.ts';
import { parseDuration } from '../output/duration.ts';
import type { Cx } from '../session.ts';
import type { Define } from './entry.ts';

interface Options extends FilesOptions {
  readonly all?: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly ignoreNotFound?: boolean;
  readonly dryRun?: boolean;
  readonly wait: boolean;
  readonly timeout: string;
}

/** Defines `gantry delete KIND NAME…`, `gantry delete -f FILE`. */
export const deleteCommand: Define = (command, act) => {
  command.argument('[kind]', 'a kind, or KIND/NAME').argument('[names...]', 'names of objects of the kind');
  filesOption(command)
    .option('--all', 'all objects of the kind in the namespace')
    .option('-l, --selector <labels>', 'all objects of the kind with these labels')
    .option('--field-selector <fields>', 'all objects of the kind with these fields: spec.node=a')
    .option('--ignore-not-found', 'succeed even if an object does not exist')
    .option('--dry-run', 'report what would be deleted without deleting it')
    .option('--no-wait', 'do not wait until they are gone')
    .option('--timeout <duration>', 'give up waiting after DURATION', '2m')
    .action(
      act<[string | undefined, string[]], Options>(async (cx, [kind, names], options) => {
        const timeoutMs = parseDuration(options.timeout, '--timeout');
        const refs = await selectRefs(cx, kind === undefined ? [] : [kind, ...names], options);
        if (refs.length === 0) cx.note('Nothing to delete.');
        await deleteAll(cx, refs, { ...options, timeoutMs });
      }),
    );
};

/** Deletes objects one after the other, and waits until they are gone. */
export async function deleteAll(
  cx: Cx,
  refs: readonly Ref[],
  options: {
    readonly wait: boolean;
    readonly timeoutMs: number;
    readonly dryRun?: boolean;
    readonly ignoreNotFound?: boolean;
    /** Does not report the deleted objects. */
    readonly quiet?: boolean;
  },
): Promise<void> {
  const api = await cx.api();
  const marked: Ref[] = [];
  for (const ref of refs) {
    const kind = ref.kind.kind as Kind;
    try {
      const call = { dryRun: options.dryRun, signal: cx.signal };
      await withSuggestion(cx, kind, ref.id, () => api.delete(kind, ref.id, call));
      marked.push(ref);
      if (options.quiet !== true)
        cx.print(`${showRef(ref)} deleted${options.dryRun === true ? ' (dry run)' : ''}`);
    } catch (error) {
      const missing = isGantryError(error, 'NOT_FOUND') || (error as { code?: string }).code === 'NOT_FOUND';
      if (!missing || options.ignoreNotFound !== true) throw error;
    }
  }
  if (!options.wait || options.dryRun === true) return;
  const { timeoutMs } = options;
  await Promise.all(
    // A deleted task is stopped; the object is kept for its logs.
    marked
      .filter(({ kind }) => kind.kind !== 'task')
      .map(({ kind, id }) => api.wait(kind.kind as Kind, id, 'deleted', { timeoutMs, signal: cx.signal })),
  );
}
