import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { backend, pause, until, World } from './support/world.ts';

const worlds: World[] = [];

function world(...options: ConstructorParameters<typeof World>): World {
  const made = new World(...options);
  worlds.push(made);
  return made;
}

afterEach(async () => {
  await Promise.all(worlds.splice(0).map((one) => one.close()));
});

const tcp = { appProtocol: undefined };

function greets(name: string): (socket: Socket) => void {
  return (socket) => socket.write(`${name}.`);
}

test('a backend that rejects connections is skipped, counted, ejected, retried, and restored', async () => {
  const here = world({ eject: { failures: 2, probeMs: 500 } });
  const dead = await here.freePort();
  const alive = await here.tcp(greets('b'));
  const port = await here.apply([backend('a', dead), backend('b', alive)], tcp);
  for (let time = 0; time < 6; time++) {
    const client = here.client(port);
    await until(() => client.text === 'b.');
  }
  const state = async () => (await here.proxy.stats()).map(({ state, failures }) => [state, failures]);
  expect(await state()).toEqual([
    ['ejected', 2],
    ['ready', 0],
  ]);
  await here.clock.advance(500);
  await pause();
  expect((await state())[0]).toEqual(['ejected', 2]);
  await here.tcp(greets('a'), dead);
  await here.clock.advance(500);
  for (let time = 0; time < 100 && (await state())[0]?.[0] !== 'ready'; time++) await pause();
  const names = new Set<string>();
  for (let time = 0; time < 4; time++) {
    const client = here.client(port);
    await until(() => client.text !== '');
    names.add(client.text);
  }
  expect([...names].sort()).toEqual(['a.', 'b.']);
});

test('ejected backends are tried if all are ejected', async () => {
  const here = world({ eject: { failures: 1, probeMs: 60_000 } });
  const dead = await here.freePort();
  const port = await here.apply([backend('a', dead)], tcp);
  const first = here.client(port);
  await pause();
  expect((await here.proxy.stats())[0]?.state).toBe('ejected');
  await here.tcp(greets('a'), dead);
  const client = here.client(port);
  await until(() => client.text === 'a.');
  await until(() => first.text === 'a.');
  expect((await here.proxy.stats())[0]?.state).toBe('ready');
});

test('a connection without a backend is held, and served as soon as there is one', async () => {
  const here = world({ holdMs: 1000 });
  const port = await here.apply([], tcp);
  const client = here.client(port);
  await pause();
  await here.clock.advance(900);
  expect(client.closed).toBe(false);
  await here.apply([backend('a', await here.tcp(greets('a')))], { ...tcp });
  await until(() => client.text === 'a.');
});

test('a connection is closed after too long without a backend', async () => {
  const here = world({ holdMs: 1000 });
  const port = await here.apply([], tcp);
  const client = here.client(port);
  await pause();
  await here.clock.advance(1000);
  await until(() => client.closed);
  expect(here.clock.pending).toBe(0);
});

test('a client that sends early loses nothing while it is held', async () => {
  const here = world();
  const port = await here.apply([], tcp);
  const client = here.client(port).send('hello');
  await pause();
  await here.apply([backend('a', await here.tcp((socket) => socket.pipe(socket)))], tcp);
  await until(() => client.text === 'hello');
});

test('a backend whose connect never ends is given up after the connect timeout', async () => {
  const here = world({ connectTimeoutMs: 700 });
  const b = await here.tcp(greets('b'));
  // TEST-NET-1: packets go nowhere, or are refused at once; either way b has to answer.
  const nowhere = { ...backend('a', 9), address: '192.0.2.1' };
  const port = await here.apply([nowhere, backend('b', b)], tcp);
  const client = here.client(port);
  await pause();
  await here.clock.advance(700);
  await until(() => client.text === 'b.');
  expect((await here.proxy.stats())[0]?.failures).toBe(1);
});

test('a client that does not read stops the backend, not the memory', async () => {
  const here = world();
  const chunk = Buffer.alloc(1 << 20);
  let sent = 0;
  const endless = await here.tcp((socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(chunk)) sent++;
    };
    socket.on('drain', more);
    more();
  });
  const port = await here.apply([backend('a', endless)], tcp);
  const client = here.client(port);
  client.socket.pause();
  let last = -1;
  for (let time = 0; time < 20 && last !== sent; time++) {
    last = sent;
    await pause();
    await pause();
  }
  expect(last).toBe(sent);
  expect(sent).toBeLessThan(64);
});

test('dispose leaves no timer, no port and no connection', async () => {
  const here = world({ eject: { failures: 1, probeMs: 500 } });
  const a = await here.tcp(greets('a'));
  const port = await here.apply([backend('dead', await here.freePort()), backend('a', a)], tcp);
  const clients = [here.client(port), here.client(port)];
  for (const client of clients) await until(() => client.text !== '');
  await here.proxy[Symbol.asyncDispose]();
  expect(here.clock.pending).toBe(0);
  for (const client of clients) await until(() => client.closed);
});
