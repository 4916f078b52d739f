import type { ServiceInput } from '@gantry/core/model';
import type { Cursor } from '../model/cursor.ts';

type UpdateInput = NonNullable<ServiceInput['spec']['update']>;
type RollbackInput = NonNullable<ServiceInput['spec']['rollback']>;

export function updateOf(service: Cursor): UpdateInput {
  const config = service.at('deploy', 'update_config');
  const failureAction = config?.get('failure_action')?.oneOf('pause', 'continue', 'rollback');
  return { ...policyOf(config), ...(failureAction === undefined ? {} : { failureAction }) };
}

export function rollbackOf(service: Cursor): RollbackInput {
  const config = service.at('deploy', 'rollback_config');
  const failureAction = config?.get('failure_action')?.oneOf('pause', 'continue');
  return { ...policyOf(config), ...(failureAction === undefined ? {} : { failureAction }) };
}

/**
 * Docker stops the old task first, while Gantry's default is to start the new one first. Docker's other defaults match
 * Gantry's: one task at a time, no delay, monitored for 5 s, no failure tolerated, paused on failure.
 */
function policyOf(config: Cursor | undefined): Omit<RollbackInput, 'failureAction'> {
  const parallelism = config?.get('parallelism')?.integer();
  const delayMs = config?.get('delay')?.duration();
  const monitorMs = config?.get('monitor')?.duration();
  const ratio = config?.get('max_failure_ratio');
  const maxFailureRatio = ratio?.number();
  const order = config?.get('order')?.oneOf('start-first', 'stop-first') ?? 'stop-first';
  if (maxFailureRatio !== undefined && maxFailureRatio > 1) ratio?.invalid('expected a share from 0 to 1');
  return {
    order,
    ...(parallelism === undefined ? {} : { parallelism }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(monitorMs === undefined ? {} : { monitorMs }),
    ...(maxFailureRatio === undefined ? {} : { maxFailureRatio }),
  };
}
