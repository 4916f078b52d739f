import { isDeepStrictEqual } from 'node:util';
import {
  type Clock,
  type EventRecorder,
  type Logger,
  type Store,
  toGantryError,
  type Views,
} from '@gantry/core';
import { type Condition, keyOf, type Protocol, type Service, type ServiceStatus } from '@gantry/core/model';
import type { MachineFrontend } from './balancer-reports.ts';

interface Parts {
  readonly store: Store;
  readonly views: Views;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly logger: Logger;
}

/** Maximum number of machines named in a message about a port that they do not serve. */
const NAMED = 3;

/** Writes into services the ports at which they are served, or why they are not. */
export class PublishedPorts {
  readonly #parts: Parts;
  /** Services whose status could not be written: written with the next note. */
  #due = new Set<string>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Writes the status of these services; `reportsOn` returns the reports of the load balancers of all machines on one
   * service.
   */
  note(services: Iterable<string>, reportsOn: (service: string) => readonly MachineFrontend[]): void {
    const due = new Set([...this.#due, ...services]);
    this.#due = new Set();
    for (const name of due) {
      this.#write(name, reportsOn(name)).then(
        (isWritten) => {
          if (!isWritten) this.#due.add(name);
        },
        (error: unknown) => {
          this.#due.add(name);
          this.#parts.logger.warn('failed to write published ports', {
            service: name,
            error: toGantryError(error),
          });
        },
      );
    }
  }

  /** False if the service has been changed in the meantime. */
  async #write(name: string, reports: readonly MachineFrontend[]): Promise<boolean> {
    const entry = this.#parts.views.of('service').get(name);
    if (entry === undefined) return true;
    const before = entry.value.status;
    const published = servedPorts(reports);
    const condition = publishedCondition(before, reports, this.#parts.clock.now());
    const known = before.conditions.find(({ type }) => type === 'Published');
    if (isDeepStrictEqual(before.published, published) && isDeepStrictEqual(known, condition)) return true;
    const others = before.conditions.filter(({ type }) => type !== 'Published');
    const conditions = condition === undefined ? others : [...others, condition];
    const value: Service = { ...entry.value, status: { ...before, published, conditions } };
    const [outcome] = await this.#parts.store.commit([
      { key: keyOf('service', name), value, expect: entry.revision },
    ]);
    if (outcome?.ok !== true) return false;
    if (condition?.status === 'false' && condition.message !== known?.message)
      this.#parts.events.record({ kind: 'service', name }, 'warning', 'PortUnavailable', condition.message);
    return true;
  }
}

/** The ports at which a service is served somewhere, each once, sorted. Pure. */
export function servedPorts(reports: readonly MachineFrontend[]): ServiceStatus['published'] {
  const ports = new Map<string, ServiceStatus['published'][number]>();
  for (const { id, port, error } of reports) {
    if (error !== undefined) continue;
    const [target, protocol] = id.split('/').slice(-2);
    ports.set(`${target}/${protocol}/${port}`, {
      target: Number(target),
      protocol: protocol as Protocol,
      port,
    });
  }
  return [...ports.values()].toSorted(
    (a, b) => a.target - b.target || a.protocol.localeCompare(b.protocol) || a.port - b.port,
  );
}

/** `Published` is false as long as one machine does not serve one of the ports; absent if no machine reports any. Pure. */
export function publishedCondition(
  before: Pick<ServiceStatus, 'conditions'>,
  reports: readonly MachineFrontend[],
  now: number,
): Condition | undefined {
  if (reports.length === 0) return undefined;
  const failed = reports.filter(({ error }) => error !== undefined);
  const known = before.conditions.find(({ type }) => type === 'Published');
  const status = failed.length === 0 ? 'true' : 'false';
  return {
    type: 'Published',
    status,
    reason: failed.length === 0 ? 'Listening' : 'PortUnavailable',
    message: failed.length === 0 ? 'every port is served' : failureText(failed),
    since: known?.status === status ? known.since : now,
  };
}

/** The first failure, and the machines where that port fails. */
function failureText(failed: readonly MachineFrontend[]): string {
  const [first] = failed.toSorted((a, b) => a.port - b.port || a.machine.localeCompare(b.machine));
  const machines = [...new Set(failed.filter(({ id }) => id === first?.id).map(({ machine }) => machine))];
  const named = machines.toSorted().slice(0, NAMED).join(', ');
  const more = machines.length > NAMED ? ` and ${machines.length - NAMED} more` : '';
  return `port ${first?.port}: ${first?.error?.message} (on ${named}${more})`;
}
