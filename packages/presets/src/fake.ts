import type { Plugin } from '@gantry/core';
import { fakeNetwork, fakeRuntime } from '@gantry/runtime-fake';
import { checkOptions } from './check-options.ts';
import { EMBEDDED_OPTIONS, type EmbeddedOptions, embeddedParts } from './embedded.ts';
import { NODE_OPTIONS, type NodeSetOptions, nodeParts } from './node.ts';

export interface FakeOptions {
  readonly runtime?: Parameters<typeof fakeRuntime>[0];
  readonly network?: Parameters<typeof fakeNetwork>[0];
}

const OWN = Object.freeze({ runtime: true as const, network: true as const });

/** A cluster whose tasks are simulated: for tests of programs around it, and to observe the decisions of a cluster. */
export function fakeCluster(options: EmbeddedOptions & FakeOptions = {}): readonly Plugin[] {
  checkOptions('fakeCluster', options, { ...EMBEDDED_OPTIONS, ...OWN });
  return [...embeddedParts(options), fakeRuntime(options.runtime ?? {}), fakeNetwork(options.network ?? {})];
}

/** The agent of a machine whose tasks are simulated. */
export function fakeNode(options: NodeSetOptions & FakeOptions): readonly Plugin[] {
  checkOptions('fakeNode', options, { ...NODE_OPTIONS, ...OWN });
  return [...nodeParts(options), fakeRuntime(options.runtime ?? {}), fakeNetwork(options.network ?? {})];
}
