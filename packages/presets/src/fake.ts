import type { Plugin } from '@gantry/core';
import { fakeNetwork, fakeRuntime } from '@gantry/runtime-fake';
import { type EmbeddedOptions, embedded } from './embedded.ts';
import { type NodeSetOptions, node } from './node.ts';

export interface FakeOptions {
  readonly runtime?: Parameters<typeof fakeRuntime>[0];
}

/** A cluster that runs nothing: for tests of what surrounds it, and to see how a cluster decides. */
export function fakeCluster(options: EmbeddedOptions & FakeOptions = {}): readonly Plugin[] {
  return [...embedded(options), fakeRuntime(options.runtime ?? {}), fakeNetwork()];
}

/** The agent of a machine that runs nothing. */
export function fakeNode(options: NodeSetOptions & FakeOptions): readonly Plugin[] {
  return [...node(options), fakeRuntime(options.runtime ?? {}), fakeNetwork()];
}
