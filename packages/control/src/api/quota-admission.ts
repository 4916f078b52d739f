import {
  type Admission,
  contracts,
  definePlugin,
  GantryError,
  type Lifecycle,
  type Views,
} from '@gantry/core';
import type { AdmissionRequest, ViewEvent } from '@gantry/core/contracts';
import { type AnyObject, idOf, parseId, type Service } from '@gantry/core/model';
import { z } from 'zod';
import { modeOf } from '../service/modes/mode-of.ts';

const count = z.int().min(0);
const quotaSchema = z.strictObject({
  /** Maximum number of tasks of all services of the namespace together. */
  tasks: count.optional(),
  /** Maximum number of replicas of one service. */
  replicasPerService: count.optional(),
});
const optionsSchema = z.strictObject({
  /** The quota of namespaces without a quota of their own. */
  default: quotaSchema.default({}),
  /** Quotas by namespace; omitted quantities are unlimited there. */
  namespaces: z.record(z.string(), quotaSchema).default({}),
});

type Quotas = z.output<typeof optionsSchema>;

/** Limits how many tasks the services of a namespace may ask for. A change that asks for no more is always accepted. */
export class QuotaAdmission implements Admission, Lifecycle {
  readonly name = 'quota';
  readonly kinds = ['service'] as const;
  readonly #quotas: Quotas;
  readonly #views: Views;
  /**
   * Tasks requested by services, by namespace: kept current by events, so that a check does not visit every service.
   */
  readonly #asked = new Map<string, number>();
  #unsubscribe = (): void => {};

  constructor(quotas: Quotas, views: Views) {
    this.#quotas = quotas;
    this.#views = views;
  }

  async start(): Promise<void> {
    const services = this.#views.of('service');
    for (const { value } of services.all()) this.#add(idOf(value.meta), tasksOf(value));
    this.#unsubscribe = services.subscribe((events) => {
      for (const event of events) this.#apply(event);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unsubscribe();
  }

  admit({ operation, object, old }: AdmissionRequest): AnyObject {
    if (operation === 'delete') return object;
    const service = object as Service;
    const id = idOf(service.meta);
    const { namespace } = parseId(id);
    const { tasks, replicasPerService } = this.#quotas.namespaces[namespace] ?? this.#quotas.default;
    const before = old === undefined ? 0 : tasksOf(old as Service);
    const wanted = tasksOf(service);
    if (wanted <= before) return object;
    if (replicasPerService !== undefined && wanted > replicasPerService && modeOf(service.spec).scales) {
      throw exceeded(id, namespace, {
        quota: 'replicasPerService',
        limit: replicasPerService,
        used: before,
        requested: wanted,
      });
    }
    const others = (this.#asked.get(namespace) ?? 0) - before;
    if (tasks !== undefined && others + wanted > tasks) {
      throw exceeded(id, namespace, {
        quota: 'tasks',
        limit: tasks,
        used: others + before,
        requested: others + wanted,
      });
    }
    return object;
  }

  #apply({ name, before, after }: ViewEvent<'service'>): void {
    const was = before === undefined ? 0 : tasksOf(before.value);
    const is = after === undefined ? 0 : tasksOf(after.value);
    if (was !== is) this.#add(name, is - was);
  }

  #add(id: string, change: number): void {
    const { namespace } = parseId(id);
    this.#asked.set(namespace, (this.#asked.get(namespace) ?? 0) + change);
  }
}

/** The number of tasks requested by a service; for a global one, its current number of nodes. */
function tasksOf(service: Service): number {
  return service.meta.deletedAt === undefined ? modeOf(service.spec).asksFor(service) : 0;
}

function exceeded(
  id: string,
  namespace: string,
  details: {
    readonly quota: string;
    readonly limit: number;
    readonly used: number;
    readonly requested: number;
  },
): GantryError {
  const { quota, limit, used, requested } = details;
  const text = `namespace "${namespace}" allows ${quota} ${limit}; ${used} in use, ${requested} requested`;
  return new GantryError('EXHAUSTED', `service ${id}: quota exceeded: ${text}`, { details });
}

/** Plugin: quotas per namespace, for `contracts.admission`. Fails with `EXHAUSTED`, which names the quota and its use. */
export const quotaAdmission = definePlugin({
  name: 'admission-quota',
  provides: contracts.admission,
  needs: { views: contracts.views },
  options: optionsSchema,
  create: (quotas, { views }) => new QuotaAdmission(quotas, views),
});
