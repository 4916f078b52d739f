import { type Clock, unlessAborted } from '@gantry/core';
import type { EnsureOptions, RuntimeSpec } from '@gantry/core/contracts';
import { failureOf, PULL_FAILED } from './failures.ts';
import type { Life } from './life.ts';

/** Pulls the image of a template as its life says, and starts nothing. `ends`: result of the pull on this node. */
export async function prepare(
  { task, template }: Pick<RuntimeSpec, 'task' | 'template'>,
  { life, ends, clock }: { readonly life: Life; readonly ends: Life['pull']; readonly clock: Clock },
  { signal, onProgress }: EnsureOptions,
): Promise<void> {
  const image = template.image ?? '';
  onProgress?.({ phase: 'pulling', message: `pulling ${image}`, image });
  if (ends === 'hang') {
    const never = new Promise<never>(() => undefined);
    await (signal === undefined ? never : unlessAborted(never, signal));
  }
  await clock.sleep(life.pullMs, signal);
  if (ends !== 'ok') throw failureOf(task, template, life, PULL_FAILED);
}
