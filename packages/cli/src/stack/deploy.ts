import { type AnyInput, type AnyObject, idOf, type Service } from '@gantry/core/model';
import { applyInputs } from '../actions/apply-inputs.ts';
import { showPlan } from '../actions/show-plan.ts';
import type { Cx } from '../session.ts';
import { type Members, membersOf } from './members.ts';
import { removeMembers } from './remove.ts';
import { keyOf, ONE_OFF_LABEL } from './select.ts';
import { startService, stoppedReplicas } from './stopped.ts';
import { waitForServices } from './wait.ts';

export interface Deployment {
  /** Name of the stack. */
  readonly name: string;
  /** Objects to apply. */
  readonly objects: readonly AnyInput[];
  /** All objects of the file, whether applied or not (default: `objects`). */
  readonly declared?: readonly AnyInput[] | undefined;
  /** Services of the file whose profiles are not active: they are left unchanged. */
  readonly inactive?: readonly string[] | undefined;
}

export interface DeployOptions {
  readonly dryRun?: boolean | undefined;
  readonly plan?: boolean | undefined;
  readonly force?: boolean | undefined;
  /** Does not wait until the services are up. */
  readonly detach?: boolean | undefined;
  readonly timeoutMs?: number | undefined;
  /**
   * Removes members of the stack that are no longer in the file; otherwise they are only reported, with a pointer to
   * `pruneFlag`.
   */
  readonly prune: boolean;
  readonly pruneFlag: string;
  /** Replaces the tasks of services that the file does not change. */
  readonly recreate?: boolean | undefined;
}

/** Applies a stack under a field manager of its own, and waits until it is up. */
export async function deployStack(cx: Cx, deployment: Deployment, options: DeployOptions): Promise<void> {
  const { name, objects } = deployment;
  const { dryRun = false, force = false } = options;
  const manager = `stack/${name}`;
  if (options.plan === true) return showPlan(cx, objects, { manager, force });
  const before = await membersOf(cx, name);
  if (!dryRun) await startStopped(cx, before, objects);
  const stored = await applyInputs(cx, objects, { manager, force, dryRun });
  const gone = orphans(before, deployment);
  if (options.prune) await removeMembers(cx, gone, { dryRun });
  else if (gone.services.length > 0) {
    const names = gone.services.map(({ meta }) => idOf(meta)).join(', ');
    cx.note(`No longer in the file, and left running: ${names}; ${options.pruneFlag} removes them.`);
  }
  if (dryRun) return;
  const started = options.recreate === true ? await recreate(cx, before, stored) : stored;
  if (options.detach === true) return;
  await waitForServices(cx, started, { timeoutMs: options.timeoutMs });
}

/** Starts services that have been stopped, unless they are to be stored as stopped. */
async function startStopped(cx: Cx, { services }: Members, objects: readonly AnyInput[]): Promise<void> {
  const wanted = new Set(
    objects.flatMap((o) => (o.kind === 'service' && o.spec.replicas !== 0 ? [idOf(o.meta)] : [])),
  );
  for (const service of services) {
    if (stoppedReplicas(service) === undefined || !wanted.has(idOf(service.meta))) continue;
    await startService(cx, service);
  }
}

/** Restarts the services whose template has not changed. */
async function recreate(
  cx: Cx,
  { services }: Members,
  stored: readonly AnyObject[],
): Promise<readonly AnyObject[]> {
  const api = await cx.api();
  const before = new Map(services.map((service) => [idOf(service.meta), templateOf(service)]));
  const result: AnyObject[] = [];
  for (const object of stored) {
    const isSame = object.kind === 'service' && before.get(idOf(object.meta)) === templateOf(object);
    result.push(isSame ? await api.restart(idOf(object.meta), { signal: cx.signal }) : object);
  }
  return result;
}

function templateOf({ spec }: Service): string {
  return JSON.stringify(spec.template);
}

/** Returns members of a stack that are no longer in its file. */
export function orphans(before: Members, deployment: Deployment): Members {
  const { objects, declared = objects, inactive = [] } = deployment;
  const wanted = new Set(declared.map(({ kind, meta }) => `${kind}/${idOf(meta)}`));
  const isGone = (object: Members['services'][number] | Members['networks'][number]): boolean =>
    !wanted.has(`${object.kind}/${idOf(object.meta)}`);
  const services = before.services.filter(
    (service) =>
      isGone(service) &&
      !inactive.includes(keyOf(service)) &&
      service.meta.labels[ONE_OFF_LABEL] === undefined,
  );
  const kept = new Set(
    before.services
      .filter((service) => !services.includes(service))
      .flatMap(({ spec }) => spec.template.networks.map((network) => network.name)),
  );
  return { services, networks: before.networks.filter((one) => isGone(one) && !kept.has(one.meta.name)) };
}
