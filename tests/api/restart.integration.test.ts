import { connect } from '@gantry/client/node';
import { type GantryError, isGantryError } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { idOf, type NetworkObject } from '@gantry/core/model';
import { afterEach, expect, test } from 'vitest';
import { type RunningServer, runServer } from './support/run-server.ts';
import { ADMIN_TOKEN } from './support/served.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const PATIENCE_MS = 120_000;

let server: RunningServer | undefined;
const stop = new AbortController();
afterEach(async () => {
  stop.abort();
  await server?.kill();
});

/** Keeps a copy of all networks, as every user of a watch does: list, follow, and list again when told to. */
async function mirror(api: ClusterApi, copy: Map<string, NetworkObject>, told: GantryError[]): Promise<void> {
  while (!stop.signal.aborted) {
    try {
      const { items, revision } = await api.list('network', { signal: stop.signal });
      copy.clear();
      for (const item of items) copy.set(idOf(item.meta), item);
      for await (const events of api.watch('network', { since: revision, signal: stop.signal })) {
        for (const { type, object } of events) {
          if (type === 'deleted') copy.delete(idOf(object.meta));
          else copy.set(idOf(object.meta), object);
        }
      }
    } catch (error) {
      if (stop.signal.aborted) return;
      if (!isGantryError(error, 'COMPACTED', 'UNAVAILABLE')) throw error;
      told.push(error);
    }
  }
}

/** Wants these networks to be there, and applies them again and again. */
async function insist(api: ClusterApi, round: { at: number }): Promise<void> {
  while (!stop.signal.aborted) {
    const at = round.at + 1;
    try {
      for (const name of NAMES) {
        const labels = { round: String(at) };
        await api.apply({ kind: 'network', meta: { name, labels }, spec: {} }, { signal: stop.signal });
      }
      round.at = at;
    } catch (error) {
      if (stop.signal.aborted) return;
      if (!isGantryError(error, 'UNAVAILABLE', 'CONFLICT')) throw error;
    }
  }
}

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

test('clients that watch and apply resume with the next server after the first one is killed, and are notified that the state was lost', async () => {
  server = await runServer();
  const { url } = server;
  await using client = connect({ url, token: ADMIN_TOKEN });
  const { uid } = await client.info();
  const copy = new Map<string, NetworkObject>();
  const told: GantryError[] = [];
  const round = { at: 0 };
  const loops = [mirror(client, copy, told), insist(client, round)];

  // One who only watches, and one who waits for something that was stored in the old state.
  let lost: unknown;
  const watching = (async () => {
    for await (const _events of client.watch('network', { signal: stop.signal })) {
      // only to see how it ends
    }
  })().catch((error: unknown) => {
    lost = error;
  });
  const waiting = client
    .wait('network', 'never', 'deleted')
    .then(() => client.wait('network', 'never', () => true, { timeoutMs: PATIENCE_MS, signal: stop.signal }));
  waiting.catch(() => undefined);
  await until('some rounds', () => round.at >= 5 && copy.size === NAMES.length);

  await server.kill();
  const before = round.at;
  await expect(client.apply({ kind: 'network', meta: { name: 'x' }, spec: {} })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
  });
  server = await runServer(Number(new URL(url).port));

  await until('rounds with the next server', () => round.at >= before + 5);
  const { uid: next } = await client.info();
  expect(next).not.toBe(uid);
  await until('all clients with a copy to be notified of the loss', () =>
    told.some(({ code, details }) => code === 'COMPACTED' && details.uid === next),
  );
  await watching;
  expect(lost).toMatchObject({ code: 'COMPACTED', details: { uid: next } });
  expect((lost as Error).message).toMatch(/state was lost/);
  await expect(waiting).rejects.toMatchObject({ code: 'COMPACTED' });

  stop.abort();
  await Promise.all(loops);
  const listed = await client.list('network');
  expect(listed.items.map(({ meta }) => meta.name)).toEqual(NAMES);
}, 300_000);
