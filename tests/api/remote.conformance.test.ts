import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApiServerOptions } from '@gantry/api';
import { connect as connectPlain } from '@gantry/client';
import { clusterApiKit } from '@gantry/testing';
import { conformance } from '@gantry/testing/vitest';
import { WebSocket } from 'ws';
import { fakeBehaviour } from '../api-contract/subjects.ts';
import { ADMIN_TOKEN, serve } from './support/served.ts';

const remote = async (options: ApiServerOptions = {}) => {
  const served = await serve(options);
  return {
    subject: { api: served.client, ...fakeBehaviour },
    close: async () => served[Symbol.asyncDispose](),
  };
};

conformance(clusterApiKit, 'a cluster over HTTP', () => remote(), { patienceMs: 10_000 });

conformance(clusterApiKit, 'a cluster over TLS', () => remote({ tls: 'self-signed' }), {
  patienceMs: 10_000,
});

conformance(
  clusterApiKit,
  'a cluster over a Unix socket',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gantry-socket-'));
    const fixture = await remote({ listen: { socket: join(folder, 'api.sock') } });
    return {
      ...fixture,
      close: async () => {
        await fixture.close();
        rmSync(folder, { recursive: true });
      },
    };
  },
  { patienceMs: 10_000 },
);

/** What a browser has and this Node may not have. */
Object.defineProperty(globalThis, 'WebSocket', { value: WebSocket, configurable: true, writable: true });

conformance(
  clusterApiKit,
  'a cluster over HTTP, by the entry for browsers',
  async () => {
    const served = await serve();
    const api = connectPlain({ url: served.url, token: ADMIN_TOKEN });
    return {
      subject: { api, ...fakeBehaviour },
      close: async () => {
        await api[Symbol.asyncDispose]();
        await served[Symbol.asyncDispose]();
      },
    };
  },
  { patienceMs: 10_000 },
);
