import type { Plugin } from '@gantry/core';
import { fakeNetwork, fakeRuntime } from '@gantry/runtime-fake';
import { type EmbeddedOptions, embedded } from './embedded.ts';

/** A cluster that runs nothing: for tests of what surrounds it, and to see how a cluster decides. */
export function fakeCluster(
  options: EmbeddedOptions & { readonly runtime?: Parameters<typeof fakeRuntime>[0] } = {},
): readonly Plugin[] {
  return [...embedded(options), fakeRuntime(options.runtime ?? {}), fakeNetwork()];
}
