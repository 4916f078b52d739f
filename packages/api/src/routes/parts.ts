import type { Clock, Logger, Store, Views } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import type { KindDefinition } from '@gantry/core/model';
import type { TokenBook } from '../auth/token-book.ts';
import type { JsonCache } from '../http/json-cache.ts';
import type { Streams } from '../http/streams.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { Settings } from '../options.ts';
import type { WatchHubs } from '../watch/watch-hubs.ts';

/** The dependencies of the routes. */
export interface RouteParts {
  readonly api: ClusterApi;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly store: Store;
  readonly views: Views;
  readonly settings: Settings;
  readonly kinds: readonly KindDefinition[];
  readonly hubs: WatchHubs;
  readonly streams: Streams;
  readonly tokens: TokenBook;
  readonly metrics: Metrics;
  readonly json: JsonCache;
  /** UID of the cluster. */
  readonly uid: string;
}
