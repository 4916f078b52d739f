import { ingress, ingressAdmission } from '@gantry/agent';
import type { Plugin } from '@gantry/core';
import { proxyLoadBalancer } from '@gantry/lb-proxy';
import { dockerNetwork } from '@gantry/network-docker';
import { dockerRuntime } from '@gantry/runtime-docker';
import { type EmbeddedOptions, embedded } from './embedded.ts';
import { type NodeSetOptions, node } from './node.ts';

export interface DockerOptions {
  readonly runtime?: Parameters<typeof dockerRuntime>[0];
  /** Where published ports listen. Default 127.0.0.1. */
  readonly address?: string;
}

/** A cluster that runs containers on this machine's Docker engine, behind the built-in proxy. */
export function dockerCluster(options: EmbeddedOptions & DockerOptions = {}): readonly Plugin[] {
  return [...embedded(options), ...containers(options), ingressAdmission()];
}

/** The agent of a machine that runs containers on its Docker engine, behind the built-in proxy. */
export function dockerNode(options: NodeSetOptions & DockerOptions): readonly Plugin[] {
  return [...node(options), ...containers(options)];
}

function containers({ runtime = {}, address = '127.0.0.1' }: DockerOptions): Plugin[] {
  return [dockerRuntime(runtime), dockerNetwork(), proxyLoadBalancer(), ingress({ address })];
}
