import { setTimeout as sleep } from 'node:timers/promises';
import { isGantryError } from '@gantry/core';
import type { HaCluster } from './ha-cluster.ts';
import type { PartProcess } from './part-process.ts';
import type { Isolation } from './partition-laws.ts';
import { type TaskProcess, taskProcesses } from './processes.ts';
import type { Act, Cut, Schedule } from './schedule.ts';
import type { Far, Ways } from './ways.ts';
import { type Wanted, webService } from './web-service.ts';

interface Begun {
  readonly before: readonly TaskProcess[];
  readonly revision: Promise<number>;
}

/** One schedule as it happens: cuts and heals, does what the user does, and notes what there is to judge. */
export class ScheduleRun {
  /**
   * States that were requested and may be stored: the last acknowledged one, and those with an unknown outcome since.
   */
  wanted: readonly Wanted[];
  readonly isolations: Isolation[] = [];
  readonly answers: string[] = [];
  /** A log of what happened when, as text. */
  readonly notes: string[] = [];
  readonly #ha: HaCluster;
  readonly #ways: Ways;
  readonly #port: number;
  readonly #begun = new Map<string, Begun>();
  readonly #from = performance.now();

  constructor(ha: HaCluster, ways: Ways, port: number, before: Wanted) {
    this.#ha = ha;
    this.#ways = ways;
    this.#port = port;
    this.wanted = [before];
  }

  /** Resolves once all is healed, and the user has all answers. */
  async play({ cuts, acts }: Schedule): Promise<void> {
    await Promise.all([...cuts.map((cut) => this.#cut(cut)), this.#act(acts)]);
  }

  /** Notes what has just happened. */
  note(text: string): void {
    this.notes.push(`${Math.round(performance.now() - this.#from)} ms: ${text}`);
  }

  async #cut({ what, index, how, afterMs, forMs }: Cut): Promise<void> {
    await sleep(afterMs);
    const { far, parts } = await this.#concerned(what, index);
    const names = parts.map(({ name }) => name);
    this.note(`${how} ${names.join(', ')} from ${far}`);
    for (const part of parts) {
      const first = this.#ways.cut(part.name, far, how);
      if (first && part.config.role === 'agent') this.#begin(part.name);
    }
    await sleep(forMs);
    const ended: [string, Begun, readonly TaskProcess[]][] = [];
    for (const { name } of parts) {
      this.#ways.heal(name, far, () => {
        const begun = this.#begun.get(name);
        if (begun !== undefined) ended.push([name, begun, this.#processesOf(name)]);
        this.#begun.delete(name);
      });
    }
    this.note(`healed ${names.join(', ')}`);
    for (const [node, { before, revision }, after] of ended)
      this.isolations.push({ node, before, after, revision: await revision });
  }

  async #concerned(what: Cut['what'], index: number): Promise<{ far: Far; parts: readonly PartProcess[] }> {
    const { servers, agents } = this.#ha;
    const [whom, far] = what.split('-') as [string, Far];
    switch (whom) {
      case 'servers':
        return { far, parts: servers };
      case 'everyone':
        return { far, parts: [...servers, ...agents] };
      case 'leader':
        return { far, parts: [(await this.#ha.leader()) ?? (servers[index] as PartProcess)] };
      case 'agent':
        return { far, parts: [agents[index] as PartProcess] };
      default:
        return { far, parts: [servers[index] as PartProcess] };
    }
  }

  /** An agent hears nothing from now on. */
  #begin(node: string): void {
    const before = this.#processesOf(node);
    const revision = this.#ha.store.list('leader/').then((listing) => listing.revision);
    this.#begun.set(node, { before, revision });
  }

  async #act(acts: readonly Act[]): Promise<void> {
    for (const { afterMs, index, wanted } of acts) {
      await sleep(Math.max(0, this.#from + afterMs - performance.now()));
      const usable = this.#ha.servers.filter(({ name }) => !this.#ways.isCut(name, 'store'));
      const server = (usable[index % usable.length] ?? this.#ha.servers[index]) as PartProcess;
      const answer = await this.#apply(server, wanted);
      this.answers.push(answer);
      this.note(`${server.name} was asked for ${wanted.version} with ${wanted.replicas}: ${answer}`);
    }
  }

  async #apply(server: PartProcess, wanted: Wanted): Promise<string> {
    try {
      await this.#ha.api(server).apply(webService(this.#port, wanted));
      this.wanted = [wanted];
      return 'ok';
    } catch (error) {
      if (!isGantryError(error, 'UNAVAILABLE', 'TIMEOUT')) throw error;
      if (error.code === 'TIMEOUT') this.wanted = [...this.wanted, wanted];
      return error.code;
    }
  }

  #processesOf(node: string): readonly TaskProcess[] {
    return taskProcesses(this.#ha.folders).filter((process) => process.node === node);
  }
}
