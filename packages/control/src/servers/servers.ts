import { contract, contracts, definePlugin, type Plugin, type Servers } from '@gantry/core';
import { LeadingMark } from './leading-mark.ts';
import { ServerRegistry } from './server-registry.ts';

/**
 * The only registry of a process: callers that list servers use it as `contracts.servers`, the presence needs more of
 * its methods.
 */
export const serverRegistryToken = contract<ServerRegistry>('server-registry');

const serverRegistry = definePlugin({
  name: 'server-registry',
  provides: serverRegistryToken,
  needs: { clock: contracts.clock, random: contracts.random },
  create: (_options, needs) => new ServerRegistry(needs),
});

const servers = definePlugin({
  name: 'servers',
  provides: contracts.servers,
  needs: { registry: serverRegistryToken },
  create: (_options, { registry }): Servers => ({
    list: () => registry.list(),
    advertise: (url) => registry.advertise(url),
  }),
});

const leadingMark = definePlugin({
  name: 'component-leading-mark',
  provides: contracts.leaderComponent,
  needs: { registry: serverRegistryToken, store: contracts.store, clock: contracts.clock },
  create: (_options, needs) => new LeadingMark(needs),
});

/** Plugins: the control plane's knowledge of its servers: this one, and with `serverPresence` the others too. */
export function serverParts(): readonly Plugin[] {
  return [serverRegistry(), servers(), leadingMark()];
}
