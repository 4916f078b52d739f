import { contracts, definePlugin } from '@gantry/core';
import { leastUsed, pipeline, spreadByField } from '@gantry/scheduling';

/**
 * Plugin: the scheduler `spread`. Heeds a service's spread preferences first; then gives each task to the node with the
 * fewest tasks of the service, of these to the one with the fewest tasks, of these to the emptiest.
 */
export const spreadScheduler = definePlugin({
  name: 'scheduler-spread',
  provides: contracts.scheduler,
  create: () => pipeline({ name: 'spread', scorers: [spreadByField(), leastUsed()] }),
});
