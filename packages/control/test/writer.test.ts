import { type Admission, contract, contracts, type Writer } from '@gantry/core';
import {
  inputSchema,
  type KindDefinition,
  type ObjectInput,
  type ObjectMeta,
  STORE_KEYS,
} from '@gantry/core/model';
import { createCluster } from '@gantry/host';
import { fakeCluster } from '@gantry/presets/fake';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { leaseLeadership } from '../src/index.ts';
import { clusterPerTest, given } from './support/cluster.ts';

interface Rota {
  readonly kind: 'rota';
  readonly meta: ObjectMeta;
  readonly spec: { readonly service: string };
  readonly status: { readonly turns: number };
}

declare module '@gantry/core/model' {
  interface KindMap {
    rota: Rota;
  }
  interface InputMap {
    rota: ObjectInput<'rota', Rota['spec']>;
  }
}

const rota: KindDefinition<'rota'> = {
  kind: 'rota',
  plural: 'rotas',
  shortNames: [],
  namespaced: true,
  description: 'Whose turn it is.',
  input: inputSchema('rota', z.strictObject({ service: z.string() })),
  status: z.strictObject({ turns: z.int().min(0) }),
  initialStatus: { turns: 0 },
  deletion: { finalizer: 'acme/rota' },
};

const week = { kind: 'rota', meta: { name: 'week' }, spec: { service: 'web' } } as const;

describe('the writer of controllers', () => {
  const make = clusterPerTest();
  const start = async (...admissions: readonly Admission[]) => {
    const more = [
      given(contracts.kind, rota),
      ...admissions.map((each) => given(contracts.admission, each, each.name)),
    ];
    const fake = await make({ more });
    return { ...fake, writer: fake.cluster.get(contracts.writer) };
  };

  test('scales, restarts and patches services: a new generation each time, and an unchanged object is not written', async () => {
    const { apply, writer } = await start();
    const { meta } = await apply('web', { replicas: 1 });
    const scaled = await writer.scale('web', 3);
    expect(scaled).toMatchObject({ spec: { replicas: 3 }, meta: { generation: meta.generation + 1 } });
    expect((await writer.scale('web', 3)).meta.generation).toBe(scaled.meta.generation);
    const patched = await writer.patch('service', 'web', { spec: { replicas: 2 } });
    expect(patched).toMatchObject({ spec: { replicas: 2 }, meta: { generation: meta.generation + 2 } });
    const restarted = await writer.restart('web');
    expect(restarted.spec.restartedAt).toBeTypeOf('number');
    await expect(writer.scale('none', 1)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(writer.patch('service', 'web', { spec: { replicas: -1 } })).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
    });
  });

  test('applies as a separate manager: only the fields that it gives', async () => {
    const { apply, writer } = await start();
    await apply('web', { replicas: 2 });
    const input = { kind: 'rota', meta: { name: 'week', labels: { by: 'acme' } }, spec: week.spec } as const;
    expect((await writer.apply(input, { manager: 'acme' })).meta.labels).toEqual({ by: 'acme' });
    expect((await writer.apply(input, { manager: 'acme' })).meta.generation).toBe(1);
  });

  test('sets a status that the schema of its kind accepts, and no other', async () => {
    const { api, writer } = await start();
    await api.apply(week);
    const stored = await writer.setStatus('rota', 'week', ({ status }) => ({ turns: status.turns + 1 }));
    expect(stored).toMatchObject({ status: { turns: 1 }, meta: { generation: 1 } });
    const same = await writer.setStatus('rota', 'week', ({ status }) => status);
    expect(same.meta.revision).toBe(stored.meta.revision);
    await expect(writer.setStatus('rota', 'week', () => ({ turns: -1 }))).rejects.toMatchObject({
      code: 'INVALID_OBJECT',
      issues: [{ path: 'status.turns' }],
    });
    await expect(writer.setStatus('rota', 'none', ({ status }) => status)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    const { status } = await api.get('rota', 'week');
    expect(status).toEqual({ turns: 1 });
  });

  test('does not touch the status of a kind that declares no schema of it', async () => {
    const { apply, writer } = await start();
    await apply('web', { replicas: 1 });
    await expect(writer.setStatus('service', 'web', ({ status }) => status)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('service web: its status cannot be set'),
    });
  });

  test('sets the newest status, even under concurrent writes', async () => {
    const { api, writer } = await start();
    await api.apply(week);
    const turn = () => writer.setStatus('rota', 'week', ({ status }) => ({ turns: status.turns + 1 }));
    await Promise.all([turn(), turn(), turn(), api.patch('rota', 'week', { meta: { labels: { a: 'b' } } })]);
    expect(await api.get('rota', 'week')).toMatchObject({
      status: { turns: 3 },
      meta: { labels: { a: 'b' } },
    });
  });

  test('finalizes only objects that are being deleted', async () => {
    const { api, writer } = await start();
    await api.apply(week);
    await expect(writer.finalize('rota', 'week')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'rota week is not being deleted',
    });
    await writer.delete('rota', 'week');
    expect((await api.get('rota', 'week')).meta.deletedAt).toBeTypeOf('number');
    await writer.finalize('rota', 'week');
    await expect(api.get('rota', 'week')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await writer.finalize('rota', 'week');
  });

  test('is admitted like users, except for a status; deleting an object with a finalizer is a deletion to admissions', async () => {
    const seen: string[] = [];
    const { api, writer } = await start({
      name: 'keep-week',
      kinds: ['rota'],
      admit: ({ operation, object }) => {
        seen.push(operation);
        if (operation === 'delete' && object.meta.labels.keep === 'yes') throw new Error('keep it');
        return object;
      },
    });
    await writer.apply({ ...week, meta: { name: 'week', labels: { keep: 'yes' } } });
    await writer.setStatus('rota', 'week', () => ({ turns: 5 }));
    await expect(writer.delete('rota', 'week')).rejects.toThrow('keep it');
    expect((await api.get('rota', 'week')).meta.deletedAt).toBeUndefined();
    await api.patch('rota', 'week', { meta: { labels: { keep: null } } });
    await api.delete('rota', 'week');
    expect(seen).toEqual(['create', 'delete', 'update', 'delete']);
  });
});

describe('the writer of a leader', () => {
  const make = clusterPerTest();

  test('is fenced: the store itself rejects writes of a former leader', async () => {
    const { clock, cluster, store, api } = await make({
      nodes: 0,
      more: [given(contracts.kind, rota), leaseLeadership({ identity: 'one' })],
    });
    while (!cluster.leads) await clock.advance(100);
    const writer: Writer = cluster.get(contracts.writer);
    await writer.apply(week);
    await store.commit([{ key: STORE_KEYS.term, value: { leader: 'two' } }]);
    await expect(writer.setStatus('rota', 'week', () => ({ turns: 1 }))).rejects.toMatchObject({
      code: 'FENCED',
    });
    expect((await api.get('rota', 'week')).status).toEqual({ turns: 0 });
  });

  test('is the only writer of a leader component: the API, whose writes carry no fence, is not available to it', async () => {
    const duty = Object.freeze({
      name: 'acme/duty',
      provides: contracts.leaderComponent,
      needs: { api: contracts.api },
      create: () => ({ name: 'duty' }),
    });
    await expect(make({ more: [duty] })).rejects.toMatchObject({
      code: 'WIRING',
      message: expect.stringContaining('acme/duty writes only while its process leads and cannot need "api"'),
    });
    expect(contract('x').unfenced).toBeUndefined();
  });
});

test('a program that applies one object after the other lets the event loop turn', async () => {
  await using cluster = await createCluster(fakeCluster({ logLevel: 'silent' }));
  let turned = false;
  setImmediate(() => {
    turned = true;
  });
  for (let times = 0; times < 50_000 && !turned; times++) {
    const labels = { times: String(times) };
    await cluster.api.apply({ kind: 'network', meta: { name: 'front', labels }, spec: {} });
  }
  expect(turned).toBe(true);
});
