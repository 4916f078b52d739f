import { type AnyObject, idOf } from '@gantry/core/model';
import { followRollouts } from '../cluster/follow-rollout.ts';
import type { Cx } from '../session.ts';

/** Waits until the services among stored objects are up. All commands for stacks wait here. */
export async function waitForServices(
  cx: Cx,
  stored: readonly AnyObject[],
  { timeoutMs }: { readonly timeoutMs?: number | undefined },
): Promise<void> {
  const services = stored.filter((object) => object.kind === 'service');
  await followRollouts(
    cx,
    services.map(({ meta, status }) => ({ id: idOf(meta), past: status.update })),
    timeoutMs,
  );
}
