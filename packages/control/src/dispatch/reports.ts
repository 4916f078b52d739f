import type { Store } from '@gantry/core';
import type { Change, Entry, View } from '@gantry/core/contracts';
import { keyOf, mayMove, type Task, type TaskStatus } from '@gantry/core/model';
import { knownStatus } from '@gantry/core/protocol';

const TRIES = 10;

interface Report {
  readonly task: string;
  readonly status: TaskStatus;
}

/**
 * Writes what an agent reports about its tasks, as one batch. A report that would move a task backwards is stale and
 * dropped. `onEnded` is called for each task that has ended on its own. Returns the tasks that the control plane does
 * not know on that node.
 */
export async function writeReports(
  store: Store,
  tasks: View<'task'>,
  node: string,
  reports: readonly Report[],
  onEnded: (task: Task, status: TaskStatus) => void = () => {},
): Promise<readonly string[]> {
  const unknown: string[] = [];
  let open: { readonly report: Report; readonly entry: Entry<Task> | undefined }[] = reports.map(
    (report) => ({
      report,
      entry: tasks.get(report.task),
    }),
  );
  for (let tries = 0; tries < TRIES && open.length > 0; tries++) {
    const due: typeof open = [];
    const changes: Change[] = [];
    for (const item of open) {
      const { report, entry } = item;
      if (entry === undefined || entry.value.spec.node !== node) {
        unknown.push(report.task);
        continue;
      }
      const status = merged(entry.value, knownStatus(report.status));
      if (status === undefined) continue;
      due.push(item);
      const { kind, meta, spec } = entry.value;
      changes.push({
        key: keyOf('task', report.task),
        value: { kind, meta, spec, status },
        expect: entry.revision,
      });
    }
    if (changes.length === 0) break;
    const outcomes = await store.commit(changes);
    open = [];
    outcomes.forEach((outcome, index) => {
      const item = due[index];
      if (outcome.ok && item?.entry !== undefined && endedByItself(item.report.status)) {
        onEnded(item.entry.value, item.report.status);
      }
      if (!outcome.ok && item !== undefined) {
        open.push({ report: item.report, entry: outcome.current as Entry<Task> | undefined });
      }
    });
  }
  return unknown;
}

function endedByItself({ state }: TaskStatus): boolean {
  return state === 'failed' || state === 'rejected' || state === 'complete';
}

/** The status to write, or undefined if there is nothing new. */
function merged(task: Task, reported: TaskStatus): TaskStatus | undefined {
  const { status } = task;
  if (mayMove(status.state, reported.state)) return reported;
  if (status.state !== reported.state) return undefined;
  const same =
    status.ready === reported.ready &&
    status.message === reported.message &&
    status.reason === reported.reason &&
    status.retryAt === reported.retryAt &&
    status.runtimeId === reported.runtimeId;
  return same ? undefined : reported;
}
