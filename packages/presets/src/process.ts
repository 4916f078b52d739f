import { ingress } from '@gantry/agent';
import type { Plugin } from '@gantry/core';
import { proxyLoadBalancer } from '@gantry/lb-proxy';
import { hostNetwork } from '@gantry/network-host';
import { processRuntime } from '@gantry/runtime-process';
import { type EmbeddedOptions, embedded } from './embedded.ts';

/** A cluster that runs commands as processes of this machine, behind the built-in proxy. */
export function processCluster(
  options: EmbeddedOptions & {
    readonly runtime?: Parameters<typeof processRuntime>[0];
    /** Where published ports listen. Default 127.0.0.1. */
    readonly address?: string;
  } = {},
): readonly Plugin[] {
  return [
    ...embedded(options),
    processRuntime(options.runtime ?? {}),
    hostNetwork(),
    proxyLoadBalancer(),
    ingress({ address: options.address ?? '127.0.0.1' }),
  ];
}
