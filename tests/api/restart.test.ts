import { expect, test } from 'vitest';
import { type Served, serve } from './support/served.ts';

const network = (name: string) => ({ kind: 'network', meta: { name }, spec: {} }) as const;

/** Closes the cluster of a client, but not the client, and serves another one in its place. */
async function replace({ cluster, url }: Served): Promise<Served> {
  await cluster[Symbol.asyncDispose]();
  return await serve({ listen: { port: Number(new URL(url).port) } }, { nodes: 0 });
}

test('a revision of a lost state is rejected, even if the new state has reached it', async () => {
  const first = await serve({}, { nodes: 0 });
  const { client } = first;
  await client.apply(network('only-before'));
  const { revision } = await client.list('network');
  const watch = client.watch('network', { since: revision })[Symbol.asyncIterator]();
  await client.apply(network('seen'));
  expect((await watch.next()).value).toMatchObject([{ type: 'added', object: { meta: { name: 'seen' } } }]);
  const second = await replace(first);
  for (let index = 0; index < 20; index++) await second.client.apply(network(`n-${index}`));
  expect((await second.client.info()).revision).toBeGreaterThan(revision);

  const { uid } = await second.client.info();
  await expect(watch.next()).rejects.toMatchObject({ code: 'COMPACTED', details: { uid } });
  await expect(
    client.watch('network', { since: revision })[Symbol.asyncIterator]().next(),
  ).rejects.toMatchObject({
    code: 'COMPACTED',
  });
  // A client that lists again can continue.
  const listed = await client.list('network');
  expect(listed.items).toHaveLength(20);
  const again = client.watch('network', { since: listed.revision })[Symbol.asyncIterator]();
  const next = again.next();
  await second.client.apply(network('new'));
  expect((await next).value).toMatchObject([{ type: 'added', object: { meta: { name: 'new' } } }]);
  await again.return?.();
  await first[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
});

test('a watch that has delivered nothing starts over with the next state', async () => {
  const first = await serve({}, { nodes: 0 });
  const watch = first.client.watch('network')[Symbol.asyncIterator]();
  const next = watch.next();
  await first.client.info(); // the request is in flight
  const second = await replace(first);
  await second.client.apply(network('new'));
  expect((await next).value).toMatchObject([{ type: 'added', object: { meta: { name: 'new' } } }]);
  await watch.return?.();
  await first[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
});
