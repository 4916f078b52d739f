import { type Clock, GantryError, type Logger, type Servers, type Store, type Views } from '@gantry/core';
import type { ApiRoutes, ClusterApi } from '@gantry/core/api';
import { allKinds, type KindDefinition } from '@gantry/core/model';
import { defaultConnections, fileLimit } from '@gantry/system/file-limit';
import type { FastifyInstance } from 'fastify';
import type { ApiEndpoint } from './api-endpoint.ts';
import { buildApp } from './app.ts';
import { RateLimiter } from './auth/rate-limiter.ts';
import { TokenBook } from './auth/token-book.ts';
import { Audit } from './http/audit.ts';
import { Connections } from './http/connections.ts';
import { Exchanges } from './http/exchange.ts';
import { guard } from './http/guard.ts';
import { JsonCache } from './http/json-cache.ts';
import { listen } from './http/listen.ts';
import { PendingAnswers } from './http/pending-answers.ts';
import { Streams } from './http/streams.ts';
import { Metrics } from './metrics/metrics.ts';
import type { Settings } from './options.ts';
import { allRoutes, checkKinds } from './routes/all-routes.ts';
import { type Certificate, fingerprintOf, hostNames, keptCertificate, selfSignedCertificate } from './tls.ts';
import { WatchHubs } from './watch/watch-hubs.ts';

/** Share of the connections that watches, logs, execs and dials may use. */
const STREAMS_SHARE = 0.9;
/** Upper bound of the default maximum of connections, however many files the process may open. */
const MAX_CONNECTIONS = 10_000;
const JSON_CACHE_BYTES = 32 * 1024 * 1024;

export interface ApiServerNeeds {
  readonly api: ClusterApi;
  readonly store: Store;
  readonly views: Views;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly kinds: readonly KindDefinition[];
  /** Routes of plugins. */
  readonly routes: readonly ApiRoutes[];
  readonly servers: Servers;
}

/** Serves a cluster's API over HTTP. */
export class ApiServer implements ApiEndpoint {
  readonly #settings: Settings;
  readonly #needs: ApiServerNeeds;
  readonly #tokens: TokenBook;
  readonly #streams: Streams;
  readonly #hubs: WatchHubs;
  readonly #connections: Connections;
  readonly #answers: PendingAnswers;
  readonly #metrics: Metrics;
  readonly #kinds: readonly KindDefinition[];
  #app: FastifyInstance | undefined;
  #url: string | undefined;
  #certificate: Certificate | undefined;
  #withdraw: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(settings: Settings, needs: ApiServerNeeds) {
    const { clock, store, api } = needs;
    const logger = needs.logger.child({ part: 'api' });
    this.#settings = settings;
    this.#needs = { ...needs, logger };
    this.#kinds = allKinds(needs.kinds);
    checkKinds(this.#kinds);
    this.#tokens = new TokenBook({ store, clock, logger }, settings.adminToken);
    const connections = settings.limits.connections ?? defaultConnections(fileLimit(), 2, MAX_CONNECTIONS);
    const perAddress = settings.limits.connectionsPerAddress ?? Math.ceil(connections / 2);
    this.#connections = new Connections({ connections, connectionsPerAddress: perAddress }, (reason) =>
      this.#metrics.closed(reason),
    );
    this.#answers = new PendingAnswers(settings.limits.unreadBytes, () => this.#metrics.closed('unread'));
    // Some connections stay free for requests that inspect the server.
    const streams = Math.min(settings.limits.streams, Math.floor(connections * STREAMS_SHARE));
    this.#streams = new Streams(clock, this.#tokens, { ...settings.limits, streams });
    this.#metrics = new Metrics(needs.views, this.#streams, this.#connections, this.#answers, logger);
    this.#hubs = new WatchHubs(this.#kinds, {
      api,
      clock,
      logger,
      historyBytes: settings.limits.watchHistoryBytes,
      bookmarkMs: settings.bookmarkMs,
    });
  }

  get url(): string {
    if (this.#url === undefined) throw new GantryError('UNAVAILABLE', 'api-server: it has not started');
    return this.#url;
  }

  get tls(): ApiEndpoint['tls'] {
    const cert = this.#certificate?.cert;
    return cert === undefined ? undefined : { cert, fingerprint: fingerprintOf(cert) };
  }

  async start(signal: AbortSignal): Promise<void> {
    const { tls, listen: where, limits } = this.#settings;
    const { clock, logger } = this.#needs;
    await this.#tokens.start(signal);
    const { uid, version } = await this.#needs.api.info({ signal });
    if (tls === 'self-signed') {
      const named = 'host' in where && !isWildcard(where.host) ? [where.host] : [];
      const hosts = [...new Set([...hostNames(), ...named])];
      const { certificateDirectory: kept } = this.#settings;
      this.#certificate =
        kept === undefined
          ? await selfSignedCertificate(hosts, clock.now())
          : await keptCertificate(kept, hosts, clock.now());
    } else this.#certificate = tls;
    const metrics = this.#metrics;
    const json = new JsonCache(JSON_CACHE_BYTES);
    const parts = { ...this.#needs, json, kinds: this.#kinds, settings: this.#settings };
    const routes = allRoutes(
      { ...parts, hubs: this.#hubs, streams: this.#streams, tokens: this.#tokens, metrics, uid },
      version,
      this.#needs.routes,
    );
    const exchanges = new Exchanges();
    const limiter = new RateLimiter(clock, limits.requestsPerSecond, limits.burst);
    this.#app = await buildApp(routes, {
      limits,
      tls: this.#certificate,
      logger,
      exchanges,
      audit: new Audit(this.#needs.logger),
      metrics,
      connections: this.#connections,
      answers: this.#answers,
      guard: guard({ tokens: this.#tokens, limiter, exchanges, uid }),
    });
    this.#url = await listen(this.#app, where, tls === undefined ? 'http' : 'https');
    this.#withdraw = this.#needs.servers.advertise(this.#url);
    logger.info('the API is served', { url: this.#url });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    this.#withdraw?.();
    this.#streams.close();
    this.#hubs.close();
    await this.#app?.close();
    await this.#tokens[Symbol.asyncDispose]();
  }
}

/** Whether the host is a wildcard for all addresses of the machine. */
function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
