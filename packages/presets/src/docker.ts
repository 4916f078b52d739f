import { ingress } from '@gantry/agent';
import type { Plugin } from '@gantry/core';
import { proxyLoadBalancer } from '@gantry/lb-proxy';
import { dockerNetwork } from '@gantry/network-docker';
import { dockerRuntime } from '@gantry/runtime-docker';
import { type EmbeddedOptions, embedded } from './embedded.ts';

/** A cluster that runs containers on this machine's Docker engine, behind the built-in proxy. */
export function dockerCluster(
  options: EmbeddedOptions & {
    readonly runtime?: Parameters<typeof dockerRuntime>[0];
    /** Where published ports listen. Default 127.0.0.1. */
    readonly address?: string;
  } = {},
): readonly Plugin[] {
  return [
    ...embedded(options),
    dockerRuntime(options.runtime ?? {}),
    dockerNetwork(),
    proxyLoadBalancer(),
    ingress({ address: options.address ?? '127.0.0.1' }),
  ];
}
