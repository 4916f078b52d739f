import { GantryError } from '@gantry/core';
import type { TemplateSpec } from '@gantry/core/model';
import type { Life } from './life.ts';

/** The `reason` of a task that never ran because its staged start failed. */
export const START_FAILED = 'start failed';
export const PULL_FAILED = 'pull failed';

type PullFailure = Exclude<Life['pull'], 'ok' | 'hang'>;

const PULLS: Readonly<
  Record<
    PullFailure,
    { readonly code: 'INVALID_OBJECT' | 'UNAVAILABLE'; readonly reason: string; readonly why: string }
  >
> = Object.freeze({
  missing: { code: 'INVALID_OBJECT', reason: 'ImageNotFound', why: 'the registry has no such image' },
  unauthorized: {
    code: 'INVALID_OBJECT',
    reason: 'ImageUnauthorized',
    why: 'the registry denied access: authentication required',
  },
  platform: {
    code: 'INVALID_OBJECT',
    reason: 'ImagePlatform',
    why: 'the image does not exist for linux/amd64',
  },
  unreachable: {
    code: 'UNAVAILABLE',
    reason: 'RegistryUnavailable',
    why: 'the registry cannot be reached: connection refused',
  },
});

/** The error of a staged start that failed; it depends only on the life. */
export function failureOf(task: string, template: TemplateSpec, life: Life, how: string): GantryError {
  if (how === PULL_FAILED) {
    const { code, reason, why } = PULLS[life.pull as PullFailure];
    const image = template.image ?? '';
    const message = `runtime-fake: "${task}": cannot pull "${image}" from registry "fake.example": ${why}`;
    const details = { field: 'image', image, registry: 'fake.example', reason };
    return new GantryError(code, message, { details });
  }
  const { failWith, failMessage, failReason, failField } = life;
  const why = failMessage ?? 'failed to start, as its life demands';
  return new GantryError(failWith, `runtime-fake: "${task}" ${why}`, {
    details: { ...(failReason && { reason: failReason }), ...(failField && { field: failField }) },
  });
}
