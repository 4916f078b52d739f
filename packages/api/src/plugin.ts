import { contracts, definePlugin } from '@gantry/core';
import { apiEndpoint } from './api-endpoint.ts';
import { ApiServer } from './api-server.ts';
import { apiServerOptions } from './options.ts';

/** Plugin: serves the cluster's API over HTTP, for the contract `apiEndpoint`. */
export const apiServer = definePlugin({
  name: 'api-server',
  provides: apiEndpoint,
  needs: {
    api: contracts.api,
    store: contracts.store,
    views: contracts.views,
    clock: contracts.clock,
    logger: contracts.logger,
    kinds: contracts.kind,
    routes: contracts.apiRoutes,
    servers: contracts.servers,
  },
  options: apiServerOptions,
  create: (settings, needs) => new ApiServer(settings, needs),
});
