import { idOf, isFinal, type Service, type Task } from '@gantry/core/model';
import type { Invariant } from '../scenario.ts';
import { servicesOf } from '../stored.ts';
import { isHopeless } from './hopeless.ts';

/** A task that has just taken its next step may not have said why yet, ms. */
const STEP_MS = 5000;

/**
 * Every service has settled: deleted services are gone, the others have the tasks they want, all ready, or report why
 * not. If a service's template cannot become ready by its staged life, its progress must report failure. A service that
 * crashes need not settle, nor one whose update is paused or that waits for another service.
 */
export const servicesSettle: Invariant = (cluster) => async () => {
  const tasks = await cluster.tasks();
  const services = [...(await servicesOf(cluster)).values()];
  return services.flatMap((service) => {
    const own = tasks.filter(({ spec }) => spec.service === idOf(service.meta));
    return [...unsettled(service, own), ...unexplained(service, own, cluster.clock.now())];
  });
};

function unsettled({ meta, spec, status }: Service, tasks: readonly Task[]): readonly string[] {
  const name = idOf(meta);
  if (meta.deletedAt !== undefined) return [`service ${name} was deleted and is still there`];
  const live = tasks.filter((task) => !isFinal(task.status.state));
  const waiting = live.filter((task) => task.status.state === 'pending');
  const ready = live.filter((task) => task.status.ready && task.spec.desired === 'running').length;
  const problems = waiting
    .filter((task) => task.status.reason === undefined || task.status.message === undefined)
    .map((task) => `${task.meta.name} waits for no reason`);
  const { progress, desired, update } = status;
  const waits = progress?.reason === 'WaitsForDependency' || progress?.reason === 'DependencyFailed';
  const hopeless = isHopeless(spec.template);
  if (hopeless && !waits && ready < desired && progress?.state !== 'failed')
    problems.push(`service ${name} cannot become ready, and its progress is ${progress?.state}`);
  if (crashes(spec) || hopeless || waits || update?.state.endsWith('paused') === true) return problems;
  if (progress?.state !== 'stable' && waiting.length === 0)
    problems.push(`service ${name} is ${progress?.state}: ${progress?.message}`);
  if (ready + waiting.length < desired)
    problems.push(
      `service ${name}: ${ready} ready and ${waiting.length} waiting of ${desired}: ${describe(live)}`,
    );
  if (waiting.length === 0 && live.length !== desired)
    problems.push(`service ${name}: ${live.length} live tasks for ${desired}: ${describe(live)}`);
  if (spec.mode === 'replicated' && desired !== spec.replicas)
    problems.push(`service ${name}: wants ${desired} tasks, was asked for ${spec.replicas}`);
  return problems;
}

/** A bad node has to be avoided, unless the service belongs there. */
function crashes({ template, mode }: Service['spec']): boolean {
  const { labels } = template;
  const bad = labels['fake/exit-after-ms'] ?? labels['fake/fail-start'];
  return bad !== undefined && (labels['fake/bad-nodes'] === undefined || mode === 'global');
}

/** Every slot that is not ready must have a current reason. */
function unexplained({ status }: Service, tasks: readonly Task[], now: number): readonly string[] {
  const newest = new Map<string, Task>();
  for (const task of tasks) {
    if (task.spec.desired === 'shutdown') continue;
    const known = newest.get(task.spec.slot);
    if (known === undefined || known.spec.attempt < task.spec.attempt) newest.set(task.spec.slot, task);
  }
  return [...newest.values()]
    .filter(
      (task) =>
        !task.status.ready &&
        now - task.status.since > STEP_MS &&
        (task.status.reason === undefined || task.status.message === undefined),
    )
    .map(
      (task) =>
        `${task.meta.name} is ${task.status.state} for no reason; the service: ${status.progress?.message}`,
    );
}

function describe(tasks: readonly Task[]): string {
  return tasks
    .map(
      ({ meta, spec, status }) =>
        `${meta.name}@${spec.node} ${status.state}/${spec.desired} ready=${status.ready}`,
    )
    .join('; ');
}
