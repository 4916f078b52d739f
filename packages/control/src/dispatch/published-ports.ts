import {
  type Clock,
  type Condition,
  type EventRecorder,
  type FrontendStatus,
  keyOf,
  type Logger,
  type Service,
  type ServiceStatus,
  type Store,
  toGantryError,
  type Views,
} from '@gantry/core';

interface Parts {
  readonly store: Store;
  readonly views: Views;
  readonly clock: Clock;
  readonly events: EventRecorder;
  readonly logger: Logger;
}

/** Writes into services at which ports they are served, or why they are not. */
export class PublishedPorts {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  note(statuses: readonly FrontendStatus[]): void {
    const byService = new Map<string, FrontendStatus[]>();
    for (const status of statuses) {
      const service = status.id.split('/').slice(0, -2).join('/');
      byService.set(service, [...(byService.get(service) ?? []), status]);
    }
    for (const [name, list] of byService) {
      this.#write(name, list).catch((error: unknown) => {
        this.#parts.logger.warn('published ports could not be written', {
          service: name,
          error: toGantryError(error),
        });
      });
    }
  }

  async #write(name: string, statuses: readonly FrontendStatus[]): Promise<void> {
    const entry = this.#parts.views.of('service').get(name);
    if (entry === undefined) return;
    const published = statuses
      .filter(({ error }) => error === undefined)
      .map(({ id, port }) => {
        const [target, protocol] = id.split('/').slice(-2);
        return { target: Number(target), protocol: protocol as 'tcp' | 'udp', port };
      });
    const failed = statuses.find(({ error }) => error !== undefined);
    const before = entry.value.status;
    const condition = publishedCondition(before, failed, this.#parts.clock.now());
    const known = before.conditions.find(({ type }) => type === 'Published');
    if (
      JSON.stringify(before.published) === JSON.stringify(published) &&
      known?.message === condition.message
    )
      return;
    const conditions = [...before.conditions.filter(({ type }) => type !== 'Published'), condition];
    const value: Service = { ...entry.value, status: { ...before, published, conditions } };
    const [outcome] = await this.#parts.store.commit([
      { key: keyOf('service', name), value, expect: entry.revision },
    ]);
    if (outcome?.ok !== true || failed === undefined) return;
    this.#parts.events.record({ kind: 'service', name }, 'warning', 'PortUnavailable', condition.message);
  }
}

function publishedCondition(
  before: ServiceStatus,
  failed: FrontendStatus | undefined,
  now: number,
): Condition {
  const known = before.conditions.find(({ type }) => type === 'Published');
  const status = failed === undefined ? 'true' : 'false';
  return {
    type: 'Published',
    status,
    reason: failed === undefined ? 'Listening' : 'PortUnavailable',
    message: failed === undefined ? 'every port is served' : `port ${failed.port}: ${failed.error?.message}`,
    since: known?.status === status ? known.since : now,
  };
}
