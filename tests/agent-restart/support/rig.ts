import { isFinal, type Task } from '@gantry/core/model';
import { freePorts } from '../../support/ports.ts';
import { AgentsApart } from './agents-apart.ts';
import { DockerMachine } from './docker-machine.ts';
import type { Living, Machine } from './machine.ts';
import { ProcessMachine } from './process-machine.ts';
import { type Ports, RESTLESS, ROLLED, type RuntimeName, Workload } from './workload.ts';

/** Many containers take their time. */
const PATIENCE_MS = 240_000;

/** Two agents with their workload, and an eye on the machine. */
export class Rig implements AsyncDisposable {
  readonly cluster: AgentsApart;
  readonly machine: Machine;
  readonly workload: Workload;
  readonly ports: Ports;
  /** Replicas of each service, as asked for last. */
  readonly wanted: Map<string, number>;
  #version = 1;

  private constructor(cluster: AgentsApart, runtime: RuntimeName, ports: Ports, tasks: number) {
    this.cluster = cluster;
    this.ports = ports;
    this.workload = new Workload(runtime, ports, tasks);
    const changing = { rolled: ROLLED, elastic: 0, late: 0, restless: RESTLESS };
    this.wanted = new Map(Object.entries({ ...this.workload.constant, ...changing }));
    this.machine =
      runtime === 'docker'
        ? new DockerMachine(cluster.name)
        : new ProcessMachine(cluster.agents.map(({ config }) => config.dir));
  }

  static async start(runtime: RuntimeName, tasks: number): Promise<Rig> {
    const [web, rolled] = (await freePorts(2)) as [number, number];
    const rig = new Rig(await AgentsApart.start(runtime), runtime, { web, rolled }, tasks);
    try {
      await rig.cluster.api.applyAll(rig.workload.all());
      return rig;
    } catch (error) {
      await rig[Symbol.asyncDispose]();
      throw error;
    }
  }

  async scale(service: 'elastic' | 'late', replicas: number): Promise<void> {
    this.wanted.set(service, replicas);
    await this.cluster.api.scale(service, replicas);
  }

  /** Begins a rolling update. */
  async roll(): Promise<void> {
    await this.cluster.api.apply(this.workload.rolled(++this.#version));
  }

  async tasks(): Promise<readonly Task[]> {
    return (await this.cluster.api.list('task')).items;
  }

  /** Those of services that are left alone, and are to run. */
  constant(tasks: readonly Task[]): readonly Task[] {
    return tasks.filter(({ spec }) => spec.service in this.workload.constant && spec.desired === 'running');
  }

  async sessions(): Promise<readonly string[]> {
    const nodes = await Promise.all(
      this.cluster.agents.map(({ config }) => this.cluster.api.get('node', config.node)),
    );
    return nodes.map(({ status }) => status.session);
  }

  /**
   * Resolves once the cluster is as it was asked to be and the machine has exactly what the store has. What restarts all
   * the time is left out of both.
   */
  async settled(): Promise<{ readonly tasks: readonly Task[]; readonly living: readonly Living[] }> {
    let seen = '';
    const look = async () => {
      const tasks = (await this.tasks()).filter(({ spec }) => spec.service !== 'restless');
      const living = (await this.machine.look()).filter(({ task }) => !task.startsWith('restless.'));
      const open = tasks.filter(({ status }) => !isFinal(status.state));
      const wrong = open.filter(({ status, spec }) => !status.ready || spec.desired !== 'running');
      const counts = [...this.wanted].filter(
        ([service, count]) =>
          service !== 'restless' && open.filter(({ spec }) => spec.service === service).length !== count,
      );
      const { status, spec } = await this.cluster.api.get('service', 'rolled');
      const old = status.updated !== spec.replicas || spec.template.env?.VERSION !== `v${this.#version}`;
      const differs = difference(open, living);
      seen = [
        `rolled: ${JSON.stringify(status)}`,
        ...wrong.map((task) => `${task.meta.name}: ${task.spec.desired}, ${JSON.stringify(task.status)}`),
        ...counts.map(([service, count]) => `${service}: not ${count}`),
        ...differs,
      ].join('\n');
      return wrong.length + counts.length + differs.length === 0 && !old && { tasks: open, living };
    };
    return await this.cluster.until(look, 'the requested state', () => seen, PATIENCE_MS);
  }

  /** Resolves once both load balancers pass requests on to both published services. */
  async answers(): Promise<void> {
    const ask = (host: string, port: number) => async (): Promise<boolean> =>
      (await fetch(`http://${host}:${port}/`, { headers: { connection: 'close' } }).catch(() => undefined))
        ?.ok === true;
    await Promise.all(
      this.cluster.agents.flatMap(({ config: { address: host } }) =>
        Object.values(this.ports).map((port) =>
          this.cluster.until(ask(host, port), `${host}:${port} to answer`),
        ),
      ),
    );
  }

  /** Resolves once the agents look after all of these: only then can they say what they use. */
  async adopted(tasks: readonly Task[]): Promise<void> {
    let missing: readonly string[] = [];
    const look = async (): Promise<boolean> => {
      const looked = new Set((await this.cluster.api.stats()).map(({ task }) => task));
      missing = tasks.map(({ meta }) => meta.name).filter((name) => !looked.has(name));
      return missing.length === 0;
    };
    const seen = (): string => `not adopted: ${missing.join(', ')}`;
    await this.cluster.until(look, 'all tasks to be adopted', seen);
  }

  /** Resolves once nothing of the cluster is left on the machine. */
  async empty(): Promise<void> {
    let left: readonly string[] = [];
    const look = async (): Promise<boolean> => {
      left = await this.machine.leftovers();
      return left.length === 0;
    };
    await this.cluster.until(look, 'nothing to be left', () => left.join('\n'), PATIENCE_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }
}

/** Where what lives is not what the store says: each task once, with the ids that were reported. */
function difference(open: readonly Task[], living: readonly Living[]): readonly string[] {
  const found = new Map<string, Living[]>();
  for (const one of living) found.set(one.task, [...(found.get(one.task) ?? []), one]);
  const wrong = open.flatMap(({ meta, status }) => {
    const [one, ...others] = found.get(meta.name) ?? [];
    found.delete(meta.name);
    if (one === undefined) return [`${meta.name} does not live`];
    if (others.length > 0) return [`${meta.name} lives ${others.length + 1} times`];
    const same = one.id === status.runtimeId && one.pid === status.pid;
    return same
      ? []
      : [`${meta.name} is ${one.id}, pid ${one.pid}, and not ${status.runtimeId}, ${status.pid}`];
  });
  return [...wrong, ...[...found.keys()].map((task) => `${task} lives and should not`)];
}
