import { contracts, definePlugin } from '@gantry/core';
import { mostUsed, pipeline, spreadByField } from '@gantry/scheduling';

/**
 * Plugin: the scheduler `binpack`. Satisfies a service's spread preferences first; then places each task on the node
 * that becomes fullest, so that whole nodes stay free.
 */
export const binpackScheduler = definePlugin({
  name: 'scheduler-binpack',
  provides: contracts.scheduler,
  create: () => pipeline({ name: 'binpack', scorers: [spreadByField(), mostUsed()] }),
});
