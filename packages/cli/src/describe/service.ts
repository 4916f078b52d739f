import type { Service, Task, UpdatePolicy } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import { columnsOf, rowsOf } from '../columns/index.ts';
import { showPorts } from '../columns/service-columns.ts';
import { showDuration } from '../output/duration.ts';
import type { Field } from '../output/fields.ts';
import { renderTable } from '../output/table.ts';
import { conditionsField, type DescribeContext, metaFields, showTime } from './common.ts';
import { templateFields } from './template.ts';

/** Describes a service. `tasks`: its own tasks. */
export function describeService(service: Service, tasks: readonly Task[], context: DescribeContext): Field[] {
  const { meta, spec, status } = service;
  const { placement, restart } = spec;
  return [
    ...metaFields(meta, context),
    ['Mode', spec.mode === 'replicated' ? `replicated, ${counted(spec.replicas, 'replica')}` : 'global'],
    [
      'Tasks',
      `${status.desired} wanted, ${status.running} running, ${status.ready} ready, ${status.updated} updated${status.completed === undefined ? '' : `, ${status.completed} completed`}`,
    ],
    ['Progress', progressText(service, context)],
    ['Template', status.template],
    ...templateFields(spec.template),
    ['Served at', status.published.length === 0 ? undefined : showPorts(service)],
    ['Depends on', spec.dependsOn.map((each) => `${each.service} (${each.condition})`)],
    ['Constraints', placement.constraints],
    ['Spread over', placement.preferences.map(({ spread }) => spread)],
    [
      'Tolerations',
      placement.tolerations.map(
        ({ key = '*', value, effect }) =>
          `${key}${value === undefined ? '' : `=${value}`}${effect === undefined ? '' : `:${effect}`}`,
      ),
    ],
    ['Most per node', placement.maxReplicasPerNode === 0 ? undefined : placement.maxReplicasPerNode],
    ['Scheduler', spec.scheduler],
    ['Balancing', spec.balance],
    [
      'Restart',
      `${restart.condition}, waits ${showDuration(restart.delayMs)} to ${showDuration(restart.maxDelayMs)}${restart.maxAttempts === 0 ? '' : `, at most ${restart.maxAttempts} in a row`}`,
    ],
    ['Update', showPolicy(spec.update)],
    ['Rollback', showPolicy(spec.rollback)],
    ['Paused', spec.paused ? 'yes: no further task changes to a new template' : undefined],
    ...updateFields(service, context),
    conditionsField(status.conditions, context),
    { title: 'Tasks', text: taskTable(tasks, context) },
  ];
}

function updateFields({ status: { update } }: Service, { now }: DescribeContext): Field[] {
  if (update === undefined) return [];
  const { state, from, to, startedAt, completedAt, message } = update;
  const ended = completedAt === undefined ? '' : `, over after ${showDuration(completedAt - startedAt)}`;
  return [
    ['Last update', `${state}: ${message}`],
    ['', `${from} → ${to}, begun ${showTime(startedAt, now)}${ended}`],
  ];
}

function progressText({ status: { progress } }: Service, { now }: DescribeContext): string | undefined {
  if (progress === undefined) return undefined;
  return `${progress.state} (${progress.reason}), since ${showTime(progress.since, now)}: ${progress.message}`;
}

function showPolicy({
  parallelism,
  delayMs,
  order,
  monitorMs,
  progressDeadlineMs,
  maxFailureRatio,
  failureAction,
}: UpdatePolicy): string {
  const pace = parallelism === 0 ? 'all at once' : `${parallelism} at a time`;
  const delay = delayMs === 0 ? '' : `, ${showDuration(delayMs)} apart`;
  const ratio = maxFailureRatio === 0 ? '' : ` beyond ${Math.round(maxFailureRatio * 100)}%`;
  return `${pace}${delay}, ${order}, ready for ${showDuration(monitorMs)}, at most ${showDuration(progressDeadlineMs)} without progress, on failure${ratio}: ${failureAction}`;
}

/** Renders tasks as `get` does, those that should run first. */
export function taskTable(tasks: readonly Task[], context: DescribeContext): string {
  if (tasks.length === 0) return '';
  const order = tasks.toSorted(
    (a, b) => Number(b.spec.desired === 'running') - Number(a.spec.desired === 'running'),
  );
  const columns = columnsOf('task', { wide: false, namespaces: false });
  const rest = order.length - context.limit;
  const table = renderTable(rowsOf(order.slice(0, context.limit), columns, context));
  return rest > 0 ? `${table}… and ${counted(rest, 'more task', 'more tasks')}\n` : table;
}
