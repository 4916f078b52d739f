import type { Logger, Runtime } from '@gantry/core';
import type { RuntimeTask } from '@gantry/core/contracts';
import { isFinal } from '@gantry/core/model';
import type { Assignment } from '@gantry/core/protocol';

/**
 * Stops what runs although its task has ended: someone started it again by hand while the agent was not there to notice,
 * and its replacement runs already.
 */
export async function stopRevived(
  { runtime, logger }: { readonly runtime: Runtime; readonly logger: Logger },
  assignments: readonly Assignment[],
  present: ReadonlyMap<string, RuntimeTask>,
): Promise<void> {
  const revived = assignments.filter(
    ({ name, status }) => isFinal(status.state) && present.get(name)?.state === 'running',
  );
  for (const { name } of revived) {
    logger.info('stopping a task that was started again after its end', { task: name });
    await runtime.stop(name, { graceMs: 0 });
  }
}
