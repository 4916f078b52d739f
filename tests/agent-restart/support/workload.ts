import { fileURLToPath } from 'node:url';
import type { ServiceInput, TemplateInput } from '@gantry/core/model';

export type RuntimeName = 'process' | 'docker';

/** The command of every health check that is one: no task runs it. */
export const CHECK = 'test';
/** Where the published services listen, on the address of each agent. */
export interface Ports {
  readonly web: number;
  readonly rolled: number;
}

const web = fileURLToPath(new URL('../../../examples/hello/web', import.meta.url));

/** Takes its time to start and to end, so that an agent can be killed meanwhile. */
const SLOW = `trap 'sleep 0.5; exit 0' TERM; sleep 0.7; touch up; sleep 3600 & wait`;
const COUNT = 'i=0; while :; do echo "$i"; i=$((i+1)); sleep 0.5; done';

/**
 * Services of all sorts. Those of `constant` are left alone and must stay as they are; `restless` repeatedly ends on
 * its own; `rolled` is updated, `elastic` and `late` are scaled.
 */
export class Workload {
  readonly constant: Readonly<Record<string, number>>;
  readonly #runtime: RuntimeName;
  readonly #ports: Ports;

  constructor(runtime: RuntimeName, ports: Ports, tasks: number) {
    this.#runtime = runtime;
    this.#ports = ports;
    const others = { web: 4, checked: 3, chatty: 3 };
    this.constant = { ...others, steady: Math.max(1, tasks - 4 - 3 - 3 - ROLLED - RESTLESS) };
  }

  all(): readonly ServiceInput[] {
    return [
      ...Object.entries(this.constant).map(([name, replicas]) => this.#service(name, replicas)),
      this.#service('restless', RESTLESS),
      this.#service('elastic', 0),
      this.#service('late', 0),
      this.rolled(1),
    ];
  }

  rolled(version: number): ServiceInput {
    const service = this.#service('rolled', ROLLED);
    const { spec } = service;
    return { ...service, spec: { ...spec, template: { ...spec.template, env: { VERSION: `v${version}` } } } };
  }

  #service(name: string, replicas: number): ServiceInput {
    return {
      kind: 'service',
      meta: { name },
      spec: {
        replicas,
        restart: { delayMs: 500, maxDelayMs: 1000 },
        update: { parallelism: 2, order: 'start-first', monitorMs: 20_000 },
        template: { ...this.#on(), ...this.#template(name) },
      },
    };
  }

  #on(): TemplateInput {
    return this.#runtime === 'docker' ? { image: 'gantry-test/busybox:1' } : {};
  }

  #server(): TemplateInput {
    return this.#runtime === 'docker'
      ? shell('mkdir /tmp/w && echo "$VERSION" > /tmp/w/index.html && exec httpd -f -p 8080 -h /tmp/w')
      : { command: [process.execPath, 'server.mjs'], workingDir: web };
  }

  #template(name: string): TemplateInput {
    switch (name) {
      case 'web':
      case 'rolled':
        return {
          ...this.#server(),
          ports: [{ target: 8080, published: this.#ports[name], appProtocol: 'http' }],
          healthChecks: { readiness: { http: { port: 8080, path: '/' }, intervalMs: 500 } },
        };
      case 'late': {
        const up = { http: { port: 8080, path: '/' }, intervalMs: 200, retries: 50 };
        return { ...this.#server(), ports: [{ target: 8080 }], healthChecks: { startup: up } };
      }
      case 'checked': {
        const check = { exec: { command: [CHECK, '-d', '/'] }, intervalMs: 2000, timeoutMs: 10_000 };
        return { command: ['sleep', '3600'], healthChecks: { startup: check, liveness: check } };
      }
      case 'chatty':
        return shell(COUNT);
      case 'restless':
        return shell('sleep 3; exit 1');
      case 'elastic': {
        const up = {
          exec: { command: [CHECK, '-e', 'up'] },
          intervalMs: 200,
          timeoutMs: 10_000,
          retries: 100,
        };
        return { ...shell(SLOW), healthChecks: { startup: up } };
      }
      default:
        return { command: ['sleep', '3600'], stopGraceMs: 500 };
    }
  }
}

const shell = (script: string): TemplateInput => ({ command: ['sh', '-c', script] });

export const RESTLESS = 2;
export const ROLLED = 4;
export const ELASTIC = 4;
