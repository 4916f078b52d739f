import { contracts, definePlugin } from '@gantry/core';
import { mostUsed, pipeline, spreadByField } from '@gantry/scheduling';

/**
 * Plugin: the scheduler `binpack`. Heeds a service's spread preferences first; then gives each task to the node it leaves
 * fullest, so that whole nodes stay free.
 */
export const binpackScheduler = definePlugin({
  name: 'scheduler-binpack',
  provides: contracts.scheduler,
  create: () => pipeline({ name: 'binpack', scorers: [spreadByField(), mostUsed()] }),
});
