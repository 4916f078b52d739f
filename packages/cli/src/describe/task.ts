import type { Task, Template } from '@gantry/core/model';
import { counted } from '@gantry/core/primitives';
import { taskState } from '../columns/task-columns.ts';
import type { Field } from '../output/fields.ts';
import { type DescribeContext, metaFields, pairs, showTime } from './common.ts';
import { templateFields } from './template.ts';

/** Describes a task. `template`: its template, unless it is gone. */
export function describeTask(task: Task, template: Template | undefined, context: DescribeContext): Field[] {
  const { meta, spec, status } = task;
  const time = (ms: number | undefined): string | undefined =>
    ms === undefined ? undefined : showTime(ms, context.now);
  return [
    ...metaFields(meta, context),
    ['Service', spec.service],
    ['Slot', `${spec.slot}, attempt ${spec.attempt}, ${counted(spec.restarts, 'restart')} in a row`],
    ['Node', spec.node ?? '<none>'],
    ['Wanted', spec.desired],
    ['State', `${taskState(task)}, since ${showTime(status.since, context.now)}`],
    ['Ready', status.ready ? 'yes' : 'no'],
    ['Reason', status.reason],
    ['Message', status.message],
    ['Next attempt', time(status.retryAt)],
    ['Started', time(status.startedAt)],
    ['Finished', time(status.finishedAt)],
    ['Exit code', status.exitCode],
    ['Signal', status.signal],
    ['Runtime id', status.runtimeId],
    ['Process', status.pid],
    ['Addresses', pairs(status.addresses ?? {})],
    [
      'Reached at',
      (status.ports ?? []).map(
        ({ target, protocol, address, port }) => `${target}/${protocol} at ${address}:${port}`,
      ),
    ],
    ['Template', spec.template],
    ...(template === undefined ? [] : templateFields(template.spec)),
  ];
}
