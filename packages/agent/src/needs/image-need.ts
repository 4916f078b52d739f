import type { Runtime } from '@gantry/core';
import type { EnsureOptions } from '@gantry/core/contracts';
import type { NeedRequest, TaskNeed } from './task-need.ts';

/** The image of a task: fetched before its turn if it has to wait for one, otherwise by the runtime at its start. */
export class ImageNeed implements TaskNeed {
  readonly name = 'image';
  readonly retryReason = 'RuntimeUnavailable';
  readonly check?: (request: NeedRequest, options: EnsureOptions) => Promise<void>;

  constructor(runtime: Runtime) {
    if (runtime.prepare === undefined) return;
    this.check = async ({ assignment, template }, options) =>
      runtime.prepare?.({ task: assignment.name, template }, options);
  }
}
