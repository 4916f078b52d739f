import { contracts } from '@gantry/core';
import {
  type InputMap,
  inputSchema,
  type KindDefinition,
  kindTable,
  type ObjectInput,
  type ObjectMeta,
} from '@gantry/core/model';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { clusterPerTest, given } from './support/cluster.ts';

interface Zone {
  readonly kind: 'zone';
  readonly meta: ObjectMeta;
  readonly spec: { readonly region: string; readonly token?: string | undefined };
  readonly status: { readonly lamps: number };
}

interface Lamp {
  readonly kind: 'lamp';
  readonly meta: ObjectMeta;
  readonly spec: { readonly zone: string; readonly socket: number; readonly after?: string | undefined };
}

declare module '@gantry/core/model' {
  interface KindMap {
    zone: Zone;
    lamp: Lamp;
  }
  interface InputMap {
    zone: ObjectInput<'zone', Zone['spec']>;
    lamp: ObjectInput<'lamp', Lamp['spec']>;
  }
}

declare module '@gantry/core/contracts' {
  interface ViewIndexes {
    readonly lamp: 'zone';
  }
}

const zone: KindDefinition<'zone'> = {
  kind: 'zone',
  plural: 'zones',
  shortNames: [],
  namespaced: false,
  description: 'Where lamps are.',
  input: inputSchema('zone', z.strictObject({ region: z.string(), token: z.string().optional() })),
  initialStatus: { lamps: 0 },
  applyOrder: -1,
  immutable: ['spec.region'],
  secrets: {
    redact: (spec) => (spec.token === undefined ? spec : { ...spec, token: '<redacted>' }),
    keep: (spec, stored) => (spec.token === '<redacted>' ? { ...spec, token: stored?.token } : spec),
  },
};

const lamp: KindDefinition<'lamp'> = {
  kind: 'lamp',
  plural: 'lamps',
  shortNames: [],
  namespaced: true,
  description: 'Shines.',
  columns: [{ title: 'ZONE', path: 'spec.zone' }],
  input: inputSchema(
    'lamp',
    z.strictObject({ zone: z.string(), socket: z.int(), after: z.string().optional() }),
  ),
  indexes: { zone: ({ spec }) => spec.zone },
  deletion: { finalizer: 'acme/lamps' },
  references: ({ spec }) => [
    { kind: 'zone', id: spec.zone, path: 'spec.zone', keeps: true },
    ...(spec.after === undefined
      ? []
      : [{ kind: 'lamp' as const, id: spec.after, path: 'spec.after', acyclic: true }]),
  ],
  claims: ({ spec }) => [{ name: `socket ${spec.socket}`, path: 'spec.socket' }],
};

const inputs = (name: string, spec: Partial<Lamp['spec']> = {}): InputMap['lamp'] => ({
  kind: 'lamp',
  meta: { name },
  spec: { zone: 'hall', socket: 1, ...spec },
});
const hall: InputMap['zone'] = { kind: 'zone', meta: { name: 'hall' }, spec: { region: 'north' } };

describe('a kind of a plugin', () => {
  const make = clusterPerTest();
  const start = () =>
    make({ more: [given(contracts.kind, zone, 'zone'), given(contracts.kind, lamp, 'lamp')] });

  test('outside of namespaces keeps no namespace, and begins with its own status', async () => {
    const { api } = await start();
    const stored = await api.apply(hall);
    expect(stored.meta).not.toHaveProperty('namespace');
    expect(stored.status).toEqual({ lamps: 0 });
    expect((await api.info()).kinds.find(({ kind }) => kind === 'lamp')?.columns).toEqual(lamp.columns);
    const namespaced = { ...hall, meta: { name: 'hall', namespace: 'default' } };
    await expect(api.apply(namespaced)).rejects.toMatchObject({ issues: [{ path: 'meta.namespace' }] });
  });

  test('is applied again as it was read', async () => {
    const { api } = await start();
    await api.apply(hall);
    await api.apply(inputs('desk'));
    const [read, zoneRead] = [await api.get('lamp', 'desk'), await api.get('zone', 'hall')];
    expect(await api.apply(read)).toEqual(read);
    expect(await api.apply(zoneRead)).toEqual(zoneRead);
  });

  test('is rejected with every broken reference, and with claims of others', async () => {
    const { api } = await start();
    await expect(api.apply(inputs('desk', { after: 'door' }))).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      issues: [
        { path: 'spec.zone', message: 'zone "hall" not found' },
        { path: 'spec.after', message: 'lamp "door" not found' },
      ],
    });
    await api.applyAll([inputs('desk'), hall]);
    await expect(api.apply(inputs('door'))).rejects.toMatchObject({
      issues: [{ path: 'spec.socket', message: 'socket 1 belongs to lamp desk' }],
    });
    await api.apply(inputs('door', { socket: 2, after: 'desk' }));
    await expect(api.apply(inputs('desk', { after: 'door' }))).rejects.toMatchObject({
      issues: [{ path: 'spec.after', message: 'depends on itself: desk → door → desk' }],
    });
    await expect(
      api.applyAll([inputs('a', { socket: 3 }), inputs('b', { socket: 3 })]),
    ).rejects.toMatchObject({
      issues: [{ path: '[1].spec.socket', message: 'socket 3 occurs twice' }],
    });
    await expect(api.delete('zone', 'hall')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'zone hall is used by lamp desk',
    });
  });

  test('is marked when it is deleted, remains for its finalizer, and keeps its claims until then', async () => {
    const { api, store, cluster } = await start();
    await api.applyAll([hall, inputs('desk')]);
    await api.delete('lamp', 'desk');
    const { meta } = await api.get('lamp', 'desk');
    expect(meta.deletedAt).toBeTypeOf('number');
    await expect(api.apply(inputs('desk'))).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(api.apply(inputs('door'))).rejects.toMatchObject({ issues: [{ path: 'spec.socket' }] });
    const views = cluster.get(contracts.views);
    expect([...views.of('lamp').by('zone', 'hall')]).toHaveLength(1);
    const [outcome] = await store.commit([{ key: 'lamps/desk', value: undefined }]);
    await views.of('lamp').reached(outcome?.ok ? outcome.revision : 0);
    expect(views.of('lamp').countBy('zone', 'hall')).toBe(0);
    await api.apply(inputs('door'));
    await api.delete('lamp', 'door');
    await expect(api.delete('zone', 'hall')).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('hides its secrets, keeps them where they are applied again, and rejects changes of immutable fields', async () => {
    const { api, store } = await start();
    const secret = { ...hall, spec: { ...hall.spec, token: 'secret' } };
    const read = await api.apply(secret);
    expect(read.spec.token).toBe('<redacted>');
    await api.apply({ ...read, meta: { ...read.meta, labels: { a: 'b' } } });
    expect((await store.get('zones/hall'))?.value).toMatchObject({ spec: { token: 'secret' } });
    await expect(api.patch('zone', 'hall', { spec: { region: 'south' } })).rejects.toMatchObject({
      issues: [{ path: 'spec.region', message: 'cannot be changed: delete the zone and create it again' }],
    });
  });
});

test('the kinds of the core are known by name', () => {
  expect([...kindTable([]).keys()].sort()).toEqual([
    'event',
    'network',
    'node',
    'service',
    'task',
    'template',
  ]);
});
