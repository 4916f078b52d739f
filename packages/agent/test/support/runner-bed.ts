import type { Network, Runtime } from '@gantry/core';
import type { AttachRequest, RuntimeTask } from '@gantry/core/contracts';
import type { TaskStatus, TemplateSpec } from '@gantry/core/model';
import type { Assignment, TaskEvent } from '@gantry/core/protocol';
import { silentLogger, TestClock } from '@gantry/testing';
import { setups } from '../../src/lifecycle/setup.ts';
import { ImageNeed } from '../../src/needs/image-need.ts';
import { NetworkNeed } from '../../src/needs/network-need.ts';
import type { Reporter } from '../../src/reporter.ts';
import { TaskRunner } from '../../src/task-runner.ts';

export const TEMPLATE: TemplateSpec = Object.freeze({
  image: 'web:1',
  command: [],
  args: [],
  env: {},
  labels: {},
  pullPolicy: 'missing',
  resources: { requests: {}, limits: {} },
  ports: [],
  networks: [],
  mounts: [],
  init: false,
  stopGraceMs: 1000,
  drainMs: 0,
  healthChecks: { image: true },
});

/** One task runner over a runtime and a network that record their calls, in virtual time. */
export class RunnerBed {
  readonly clock = new TestClock();
  /** Calls of the engines, in order. */
  readonly calls: string[] = [];
  readonly statuses: TaskStatus[] = [];
  readonly events: Omit<TaskEvent, 'count'>[] = [];
  /** What a call does instead of succeeding at once, by its name. */
  readonly staged: Partial<Record<string, () => Promise<unknown>>> = {};
  /** A call that throws instead of returning a promise, as a faulty plugin may. */
  throwsAtOnce: string | undefined;
  /** What of the template the node cannot honour. */
  refusal: string | undefined;
  /** What the task has written. */
  output: readonly string[] = [];
  readonly runner: TaskRunner;
  readonly assignment: Assignment;

  constructor(assignment: Partial<Assignment> = {}, template: Partial<TemplateSpec> = {}) {
    this.assignment = {
      name: 'web.1.a',
      service: 'web',
      slot: '1',
      template: 't',
      desired: 'running',
      drained: false,
      status: { state: 'assigned', since: 0, ready: false },
      ...assignment,
    };
    const reporter = {
      put: (_: string, status: TaskStatus) => void this.statuses.push(status),
      passing: (_: string, source: { readonly current: TaskStatus }) => void source,
      event: (event: Omit<TaskEvent, 'count'>) => void this.events.push(event),
      forget: () => undefined,
    } as unknown as Reporter;
    const runtime = this.#runtime();
    const needs = [new NetworkNeed(this.#network(), () => undefined), new ImageNeed(runtime)];
    const parts = {
      runtime,
      clock: this.clock,
      logger: silentLogger,
      reporter,
      needs,
      setupOf: setups(needs),
      refusalOf: () => this.refusal,
    };
    const spec = { ...TEMPLATE, ...template };
    this.runner = new TaskRunner(parts, this.assignment, spec);
  }

  get states(): readonly string[] {
    return this.statuses.map(({ state }) => state);
  }

  get status(): TaskStatus {
    return this.runner.status;
  }

  #call<T>(name: string, result: T): Promise<T> {
    this.calls.push(name);
    if (this.throwsAtOnce === name) throw new Error('faulty');
    return this.#result(name, result);
  }

  async #result<T>(name: string, result: T): Promise<T> {
    return ((await this.staged[name]?.()) as T | undefined) ?? result;
  }

  #runtime(): Runtime {
    const running: RuntimeTask = { task: 'web.1.a', id: 'c1', state: 'running', startedAt: 1 };
    return {
      supports: {},
      prepare: () => this.#call('prepare', undefined),
      ensure: () => this.#call('ensure', running),
      stop: () => this.#call('stop', undefined),
      remove: () => this.#call('remove', undefined),
      logs: () => this.#lines(),
    } as unknown as Runtime;
  }

  async *#lines() {
    yield this.output.map((text) => ({ time: 0, stream: 'stdout', text }));
  }

  #network(): Network {
    const attachment = { networks: [], ports: [], publish: [], env: {} };
    return {
      supports: { networks: true, protocols: ['tcp', 'udp'] },
      check: (_: AttachRequest) => this.#call('check', undefined),
      attach: () => this.#call('attach', attachment),
      detach: () => this.#call('detach', undefined),
    } as unknown as Network;
  }
}
