import type { AvoidedNode } from '@gantry/core/contracts';
import type { Task } from '@gantry/core/model';

/**
 * Number of consecutive failures on one node from which on it is avoided. A node that rejects a task is avoided
 * immediately.
 */
const FAILURES = 2;
/** How long a node is avoided at first; each further failure doubles that, up to the maximum, ms. */
const FIRST_MS = 30_000;
const MAX_MS = 600_000;
/** If a task ran this long before it failed, the count of consecutive failures starts over, ms. */
const ROW_ENDS_MS = 10_000;

/**
 * Remembers where tasks of a template have failed, so that the next ones are placed elsewhere: a node on which every
 * task fails immediately looks empty, and would attract all of them. The penalty decays: after a while one task is
 * placed on the node again. Compare the node penalties of Mesos' Marathon and `avoid` in Nomad's rescheduling.
 */
export class Avoidance {
  readonly #groups = new Map<string, Map<string, AvoidedNode & { readonly avoided: boolean }>>();

  /** Takes notice of a task that has ended on its own. */
  note({ spec, status }: Task): void {
    const { node, service, template } = spec;
    if (node === undefined || spec.desired === 'shutdown') return;
    if (status.state !== 'failed' && status.state !== 'rejected') return;
    const endedAt = status.finishedAt ?? status.since;
    const ranMs = status.runningAt === undefined ? 0 : endedAt - status.runningAt;
    const nodes = this.#groups.get(service)?.get(`${template} ${node}`);
    const failures = (ranMs >= ROW_ENDS_MS ? 0 : (nodes?.failures ?? 0)) + 1;
    const beyond = status.state === 'rejected' ? failures - 1 : failures - FAILURES;
    const until = endedAt + Math.min(MAX_MS, FIRST_MS * 2 ** Math.max(0, beyond));
    const group = this.#groups.get(service) ?? new Map();
    const message = status.message ?? status.state;
    group.set(`${template} ${node}`, { node, failures, message, until, avoided: beyond >= 0 });
    this.#groups.set(service, group);
  }

  /** Nodes that new tasks of this template should avoid at this time, ms since the epoch. */
  of(service: string, template: string, now: number): readonly AvoidedNode[] {
    const group = this.#groups.get(service);
    if (group === undefined) return NONE;
    const found: AvoidedNode[] = [];
    for (const [key, { avoided, ...node }] of group) {
      if (node.until + MAX_MS <= now) group.delete(key);
      else if (avoided && node.until > now && key === `${template} ${node.node}`) found.push(node);
    }
    if (group.size === 0) this.#groups.delete(service);
    return found;
  }

  forgetService(service: string): void {
    this.#groups.delete(service);
  }
}

const NONE: readonly AvoidedNode[] = Object.freeze([]);
