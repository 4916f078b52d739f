import { fileURLToPath } from 'node:url';
import type { ServiceInput } from '@gantry/core/model';

const web = fileURLToPath(new URL('../../../examples/hello/web', import.meta.url));

/** What the user wants of the one service of these tests. */
export interface Wanted {
  readonly version: string;
  readonly replicas: number;
}

/** A web service that says its version, behind the port. */
export function webService(port: number, { version, replicas }: Wanted): ServiceInput {
  return {
    kind: 'service',
    meta: { name: 'web' },
    spec: {
      replicas,
      update: { parallelism: 2, order: 'start-first', monitorMs: 10_000 },
      template: {
        command: [process.execPath, 'server.mjs'],
        workingDir: web,
        env: { VERSION: version },
        ports: [{ target: 8080, published: port, appProtocol: 'http' }],
        healthChecks: { readiness: { http: { port: 8080, path: '/' }, intervalMs: 200 } },
      },
    },
  };
}
