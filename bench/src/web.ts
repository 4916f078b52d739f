import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin } from '@gantry/core';
import type { ServiceInput, Task, TemplateInput } from '@gantry/core/model';
import { dockerCluster } from '@gantry/presets/docker';
import { processCluster } from '@gantry/presets/process';
import Docker from 'dockerode';
import { makeImages } from './support.ts';

export const PORT = 8080;
export const IMAGE = 'gantry-test/busybox:1';
const folder = fileURLToPath(new URL('../../examples/hello/web', import.meta.url));

/** A small web service under load, as processes or as containers. */
export interface Web {
  readonly plugins: readonly Plugin[];
  service(replicas: number, version: string, more?: Partial<ServiceInput['spec']>): ServiceInput;
  kill(task: Task): Promise<void>;
}

export async function webOn(runtime: string): Promise<Web> {
  if (runtime === 'docker') {
    await makeImages();
    const docker = new Docker();
    return {
      plugins: dockerCluster(),
      service: (replicas, version, more) =>
        service(replicas, more, { image: IMAGE, command: serving(version) }),
      kill: ({ status }) => docker.getContainer(status.runtimeId as string).kill(),
    };
  }
  return {
    plugins: processCluster(),
    service: (replicas, version, more) =>
      service(replicas, more, {
        command: [process.execPath, 'server.mjs'],
        workingDir: folder,
        env: { VERSION: version },
      }),
    kill: async ({ status }) => {
      process.kill(status.pid as number, 'SIGKILL');
    },
  };
}

/** The command of its containers. The host name is the container's own, which distinguishes the replicas. */
export function serving(version: string): string[] {
  const page = `mkdir -p /tmp/w && echo "${version} $(hostname)" > /tmp/w/index.html`;
  return ['sh', '-c', `${page} && exec httpd -f -p ${PORT} -h /tmp/w`];
}

function service(
  replicas: number,
  more: Partial<ServiceInput['spec']> = {},
  template: TemplateInput,
): ServiceInput {
  return {
    kind: 'service',
    meta: { name: 'web' },
    spec: {
      replicas,
      ...more,
      template: {
        ...template,
        ports: [{ target: PORT, published: 0, appProtocol: 'http' }],
        healthChecks: { readiness: { http: { port: PORT, path: '/' }, intervalMs: 200 } },
      },
    },
  };
}

/** Clients that send requests continuously, half of them over kept connections. */
export class Load {
  ok = 0;
  readonly failures: string[] = [];
  /** All distinct answers so far. */
  readonly answers = new Set<string>();
  readonly #port: number;
  readonly #host: string;
  readonly #kept = new Agent({ keepAlive: true });
  readonly #clients: Promise<void>[];
  #stopped = false;

  constructor(port: number, clients: number, pauseMs: number, host = '127.0.0.1') {
    this.#port = port;
    this.#host = host;
    this.#clients = Array.from({ length: clients }, (_, i) => this.#client(i % 2 === 0, pauseMs));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#clients);
    this.#kept.destroy();
  }

  async #client(kept: boolean, pauseMs: number): Promise<void> {
    while (!this.#stopped) {
      try {
        this.answers.add(await this.#ask(kept));
        this.ok++;
      } catch (error) {
        this.failures.push(`${kept ? 'kept' : 'new'}: ${error instanceof Error ? error.message : error}`);
      }
      await sleep(pauseMs);
    }
  }

  #ask(kept: boolean): Promise<string> {
    return new Promise((resolve, reject) => {
      const agent = kept ? this.#kept : false;
      const call = request({ host: this.#host, port: this.#port, agent, timeout: 10_000 }, (response) => {
        let body = '';
        response.on('data', (part) => {
          body += part;
        });
        response.on('error', reject);
        response.on('end', () =>
          response.statusCode === 200 ? resolve(body) : reject(new Error(`status ${response.statusCode}`)),
        );
      });
      call.on('timeout', () => call.destroy(new Error('no answer in 10 s')));
      call.on('error', reject);
      call.end();
    });
  }
}
