import { type Controller, contracts, definePlugin, provide } from '@gantry/core';
import type { Declared, KindDefinition, ObjectInput, ObjectMeta } from '@gantry/core/model';
import { idBeside, idOf, inputSchema, referenceKey } from '@gantry/core/model';
import { z } from 'zod';

const HOUR_MS = 3_600_000;
const hour = z.int().min(0).max(24);
const spec = z.strictObject({ service: z.string(), from: hour, to: hour, replicas: z.int().min(1) });
const status = z.strictObject({ otherwise: z.int().optional() });

/** Gives a service `replicas` from one hour of the day to another (UTC), and its former number otherwise. */
export interface OfficeHours {
  readonly kind: 'officehours';
  readonly meta: ObjectMeta;
  readonly spec: z.output<typeof spec>;
  readonly status: z.output<typeof status>;
}

declare module '@gantry/core/model' {
  interface KindMap {
    officehours: OfficeHours;
  }
  interface InputMap {
    officehours: ObjectInput<'officehours', z.input<typeof spec>>;
  }
}

const serviceOf = ({ meta, spec }: Declared<'officehours'>) => idBeside(idOf(meta), spec.service);

export const officeHoursKind: KindDefinition<'officehours'> = {
  kind: 'officehours',
  plural: 'officehours',
  shortNames: ['oh'],
  namespaced: true,
  description: 'Gives a service other replicas at certain hours of the day.',
  columns: ['service', 'from', 'to'].map((field) => ({ title: field.toUpperCase(), path: `spec.${field}` })),
  input: inputSchema('officehours', spec),
  status,
  initialStatus: {},
  applyOrder: 10,
  immutable: ['spec.service'],
  deletion: { finalizer: 'acme/office-hours' },
  references: (hours) => [{ kind: 'service', id: serviceOf(hours), path: 'spec.service' }],
  claims: (hours) => [{ name: `the office hours of ${serviceOf(hours)}`, path: 'spec.service' }],
};

const controller = definePlugin({
  name: 'acme/office-hours',
  provides: contracts.controller,
  needs: { views: contracts.views, writer: contracts.writer, clock: contracts.clock },
  create: (_options, { views, writer, clock }): Controller => ({
    name: 'acme/office-hours',
    watches: ['officehours', 'service'],
    keysFor({ kind, name }) {
      if (kind === 'officehours') return [name];
      const hours = views.of('officehours').by('references', referenceKey({ kind, id: name }));
      return [...hours].map(({ value }) => idOf(value.meta));
    },
    async reconcile(id, signal) {
      const hours = views.of('officehours').get(id)?.value;
      if (hours === undefined) return undefined;
      const service = views.of('service').get(serviceOf(hours))?.value;
      const { otherwise = service?.spec.replicas } = hours.status;
      const now = new Date(clock.now()).getUTCHours();
      const leaving = hours.meta.deletedAt !== undefined;
      const open = !leaving && hours.spec.from <= now && now < hours.spec.to;
      await writer.setStatus('officehours', id, () => ({ otherwise }), { signal });
      if (service !== undefined && service.meta.deletedAt === undefined)
        await writer.scale(serviceOf(hours), open ? hours.spec.replicas : (otherwise ?? 1), { signal });
      if (leaving) await writer.finalize('officehours', id, { signal });
      return { againAfterMs: HOUR_MS - (clock.now() % HOUR_MS) };
    },
  }),
});

/** Both, to go with the other plugins of a cluster. */
export const officeHours = () => [
  provide(contracts.kind, officeHoursKind, 'acme/office-hours-kind'),
  controller(),
];
