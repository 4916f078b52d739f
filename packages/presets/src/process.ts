import { ingress, ingressAdmission } from '@gantry/agent';
import type { Plugin } from '@gantry/core';
import { proxyLoadBalancer } from '@gantry/lb-proxy';
import { hostNetwork } from '@gantry/network-host';
import { processRuntime } from '@gantry/runtime-process';
import { type EmbeddedOptions, embedded } from './embedded.ts';
import { type NodeSetOptions, node } from './node.ts';

export interface ProcessOptions {
  readonly runtime?: Parameters<typeof processRuntime>[0];
  /** Where tasks listen, and how other machines reach them. Default 127.0.0.1. */
  readonly taskAddress?: string;
  /** Where published ports listen. Default 127.0.0.1. */
  readonly address?: string;
}

/** A cluster that runs commands as processes of this machine, behind the built-in proxy. */
export function processCluster(options: EmbeddedOptions & ProcessOptions = {}): readonly Plugin[] {
  return [...embedded(options), ...processes(options), ingressAdmission()];
}

/** The agent of a machine that runs commands as processes, behind the built-in proxy. */
export function processNode(options: NodeSetOptions & ProcessOptions): readonly Plugin[] {
  return [...node(options), ...processes(options)];
}

function processes({
  runtime = {},
  taskAddress = '127.0.0.1',
  address = '127.0.0.1',
}: ProcessOptions): Plugin[] {
  return [
    processRuntime(runtime),
    hostNetwork({ address: taskAddress }),
    proxyLoadBalancer(),
    ingress({ address }),
  ];
}
