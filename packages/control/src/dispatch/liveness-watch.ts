import { type Clock, type Logger, toGantryError, type Views } from '@gantry/core';
import { Liveness, type LivenessOptions } from './liveness.ts';
import type { NodeWriter } from './nodes.ts';
import type { Sessions } from './sessions.ts';

interface Parts {
  readonly views: Views;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sessions: Sessions;
  readonly nodes: NodeWriter;
}

/**
 * Marks nodes down whose agents no longer send heartbeats; checks all nodes twice per heartbeat interval. After the
 * start, every agent has time to find this server. Returns a function that stops it.
 */
export function watchLiveness(parts: Parts, options: LivenessOptions): () => void {
  const { clock, views, sessions, nodes, logger } = parts;
  const liveness = new Liveness(options);
  const startedAt = clock.elapsed();
  let cancel = (): void => {};
  const look = (): void => {
    const silences = new Map<string, number>();
    for (const { value } of views.of('node').all()) {
      const { name } = value.meta;
      if (value.status.state !== 'down')
        silences.set(name, sessions.silentFor(name) ?? clock.elapsed() - startedAt);
    }
    const wasDeaf = liveness.deaf;
    for (const name of liveness.downOf(silences, clock.elapsed())) {
      const message = `no heartbeat from the agent for ${Math.round(silences.get(name) ?? 0)} ms`;
      nodes.setState(name, 'down', message).catch((error: unknown) => {
        logger.warn('failed to mark a node down', { node: name, error: toGantryError(error) });
      });
    }
    if (liveness.deaf && !wasDeaf)
      logger.warn('no heartbeats from any node: this server may be partitioned', { nodes: silences.size });
    cancel = clock.after(options.heartbeatMs / 2, look);
  };
  cancel = clock.after(options.heartbeatMs / 2, look);
  return () => cancel();
}
