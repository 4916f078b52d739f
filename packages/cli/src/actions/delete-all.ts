import { isGantryError } from '@gantry/core';
import type { Kind } from '@gantry/core/model';
import { type Ref, showRef, withSuggestion } from '../cluster/refs.ts';
import type { Cx } from '../session.ts';

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
