import { followRollout } from '../../cluster/follow-rollout.ts';
import { parseService, withSuggestion } from '../../cluster/refs.ts';
import { type UpdateFlags, updatePatch } from '../../docker/update-service.ts';
import { parseDuration } from '../../output/duration.ts';
import { usage } from '../../output/problem.ts';
import type { Cx } from '../../session.ts';

/** Docker's `service update`: fails if the service is changed concurrently. */
export async function updateService(
  cx: Cx,
  word: string,
  flags: UpdateFlags & { readonly force?: boolean; readonly rollback?: boolean },
): Promise<void> {
  const api = await cx.api();
  const id = await parseService(cx, word);
  const current = await withSuggestion(cx, 'service', id, () =>
    api.get('service', id, { signal: cx.signal }),
  );
  const patch = updatePatch(current, flags, cx.io.env);
  if (flags.rollback === true && patch !== undefined)
    throw usage('--rollback and other changes exclude each other');
  if (patch === undefined && flags.rollback !== true && flags.force !== true)
    throw usage('expected something to change');
  const call = { signal: cx.signal };
  if (patch !== undefined)
    await api.patch('service', id, patch, { ...call, revision: current.meta.revision });
  if (flags.rollback === true) await api.rollback(id, call);
  if (flags.force === true) await api.restart(id, call);
  cx.print(`service/${id} updated`);
  if (flags.detach === true) return;
  const { timeout } = flags;
  const past = current.status.update;
  await followRollout(cx, id, {
    past,
    timeoutMs: timeout === undefined ? undefined : parseDuration(timeout, '--timeout'),
  });
}
