import { contracts, definePlugin } from '@gantry/core';
import { leastUsed, pipeline, spreadByField } from '@gantry/scheduling';

/**
 * Plugin: the scheduler `spread`. Satisfies a service's spread preferences first; then places each task on the node
 * with the fewest tasks of the service, among those on the one with the fewest tasks, among those on the emptiest.
 */
export const spreadScheduler = definePlugin({
  name: 'scheduler-spread',
  provides: contracts.scheduler,
  create: () => pipeline({ name: 'spread', scorers: [spreadByField(), leastUsed()] }),
});
