import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock, GantryError } from '@gantry/core';
import type { AgentIdentity } from '@gantry/core/model';

/** Two signs of life further apart than this are two. */
const MARGIN_MS = 100;

/** This process, as other agents may hear of it; `runtime`: the id of its runtime. */
export function agentIdentity(runtime?: string): AgentIdentity {
  return { host: hostname(), pid: process.pid, place: place(), ...(runtime !== undefined && { runtime }) };
}

function place(): string {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return `${boot}/${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/**
 * Decides what an agent does whose node another agent runs: replaces it at once if that one's process has ended, waits as
 * long as it may have ended, and gives up when it was heard in the meantime.
 */
export class Contest {
  readonly #identity: AgentIdentity;
  readonly #clock: Clock;
  readonly #isAlive: (pid: number) => boolean;
  #since: number | undefined;

  constructor(identity: AgentIdentity, clock: Clock, isAlive: (pid: number) => boolean = processIsAlive) {
    this.#identity = identity;
    this.#clock = clock;
    this.#isAlive = isAlive;
  }

  judge({ details }: GantryError): 'won' | 'wait' | 'lost' {
    const { place: where, pid, silentMs } = details as { place?: string; pid?: number; silentMs?: number };
    if (where === this.#identity.place && pid !== undefined) return this.#isAlive(pid) ? 'lost' : 'won';
    const now = this.#clock.elapsed();
    this.#since ??= now;
    return (silentMs ?? 0) < now - this.#since - MARGIN_MS ? 'lost' : 'wait';
  }
}

function processIsAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code === 'EPERM';
  }
  try {
    // One that has ended and is not yet reaped can still be signalled.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !'ZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
  } catch {
    return true;
  }
}
