import type { ConvertedProject } from '@gantry/compose';
import { type AnyInput, idOf } from '@gantry/core';
import { followRollouts } from '../cluster/follow-rollout.ts';
import { applyInputs } from '../commands/apply.ts';
import { showPlan } from '../commands/plan.ts';
import type { Cx } from '../session.ts';
import { type Members, membersOf } from './members.ts';
import { removeMembers } from './remove.ts';

export interface DeployOptions {
  readonly dryRun?: boolean | undefined;
  readonly plan?: boolean | undefined;
  readonly force?: boolean | undefined;
  /** Do not wait until the services are up. */
  readonly detach?: boolean | undefined;
  readonly timeoutMs?: number | undefined;
  /** Leave services that are no longer in the file. */
  readonly keepOrphans?: boolean | undefined;
}

/** Applies a stack in its own name, takes away what is no longer in it, and waits until it is up. */
export async function deployStack(
  cx: Cx,
  { name, objects }: ConvertedProject,
  options: DeployOptions,
): Promise<void> {
  const { dryRun = false, force = false } = options;
  const manager = `stack/${name}`;
  if (options.plan === true) return showPlan(cx, objects, { manager, force });
  const before = await membersOf(cx, name);
  const stored = await applyInputs(cx, objects, { manager, force, dryRun });
  const gone = options.keepOrphans === true ? { services: [], networks: [] } : orphans(before, objects);
  await removeMembers(cx, gone, { dryRun });
  if (options.detach === true || dryRun) return;
  const services = stored.filter((object) => object.kind === 'service');
  await followRollouts(
    cx,
    services.map(({ meta, status }) => ({ id: idOf(meta), past: status.update })),
    options.timeoutMs,
  );
}

/** What a stack has that its file has no longer. */
export function orphans(before: Members, objects: readonly AnyInput[]): Members {
  const wanted = new Set(objects.map(({ kind, meta }) => `${kind}/${idOf(meta)}`));
  const isGone = ({
    kind,
    meta,
  }: {
    readonly kind: string;
    readonly meta: Parameters<typeof idOf>[0];
  }): boolean => !wanted.has(`${kind}/${idOf(meta)}`);
  return { services: before.services.filter(isGone), networks: before.networks.filter(isGone) };
}
