import type { Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
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

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n';
const resets = (socket: Socket): void => void socket.once('data', () => socket.resetAndDestroy());
const ends = (socket: Socket): void => void socket.once('data', () => socket.end());
const hangs = (socket: Socket): void => void socket.resume();
const answers =
  (name: string) =>
  (socket: Socket): void =>
    void socket.on('data', () => socket.write(`${ok}${name}.\n`));

/** Sends a POST on a connection of its own; the name of the backend, or undefined if there was no answer. */
async function post(here: World, port: number): Promise<string | undefined> {
  const client = here.client(port).send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx');
  await until(() => client.closed || client.text.includes('.'));
  client.socket.destroy();
  return client.text === '' ? undefined : client.text.at(-3);
}

async function states(here: World): Promise<string[]> {
  return (await here.proxy.stats()).map(({ state }) => state);
}

describe('a backend that accepts connections', () => {
  test.each([
    ['resets them', resets],
    ['closes them', ends],
  ])('and %s is ejected after five in a row, and no further request fails', async (_, bad) => {
    const here = world();
    const ports = [await here.tcp(bad), await here.tcp(answers('b')), await here.tcp(answers('c'))];
    const port = await here.apply(ports.map((each, index) => backend('abc'.charAt(index), each)));
    const names: (string | undefined)[] = [];
    for (let time = 0; time < 40; time++) names.push(await post(here, port));
    expect(names.filter((name) => name === undefined)).toHaveLength(5);
    expect(names.slice(15)).not.toContain(undefined);
    const [a] = await here.proxy.stats();
    expect(a).toMatchObject({
      state: 'ejected',
      failures: 5,
      ejections: 1,
      ejectionReason: expect.stringMatching(
        /^5 unanswered connections in a row, the last one: (reset|closed)$/,
      ),
    });
  });

  test('and resets them at once, before a byte was sent, costs the client nothing', async () => {
    const here = world();
    const bad = await here.tcp((socket) => socket.resetAndDestroy());
    const good = await here.tcp((socket) => socket.write('b.'));
    const port = await here.apply([backend('a', bad), backend('b', good)], { appProtocol: undefined });
    for (let time = 0; time < 12; time++) {
      const client = here.client(port);
      await until(() => client.closed || client.text !== '');
      expect(client.text).toBe('b.');
    }
    expect(await states(here)).toEqual(['ejected', 'ready']);
  });

  test('and does not answer is ejected, whether clients wait or leave', async () => {
    const here = world({ answerTimeoutMs: 10_000 });
    const ports = [await here.tcp(hangs), await here.tcp(answers('b'))];
    const port = await here.apply([backend('a', ports[0] as number), backend('b', ports[1] as number)]);
    const clients: ReturnType<World['client']>[] = [];
    for (let time = 0; time < 10; time++)
      clients.push(here.client(port).send('POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n'));
    await until(() => clients.filter(({ text }) => text !== '').length === 5);
    expect(await states(here)).toEqual(['ready', 'ready']);
    const waiting = clients.filter(({ text }) => text === '');
    await here.clock.advance(2000);
    for (const { socket } of waiting.slice(0, 3)) socket.destroy();
    for (let time = 0; time < 100 && (await here.proxy.stats())[0]?.failures !== 3; time++) await pause();
    expect(await states(here)).toEqual(['ready', 'ready']);
    await here.clock.advance(10_000);
    expect(await states(here)).toEqual(['ejected', 'ready']);
    expect(waiting.slice(3).map(({ closed }) => closed)).toEqual([false, false]);
  });

  test('is used again after a time that doubles with each ejection', async () => {
    const here = world({ eject: { answers: 3, baseMs: 1000, maxMs: 4000 } });
    const ports = [await here.tcp(resets), await here.tcp(answers('b'))];
    const port = await here.apply([backend('a', ports[0] as number), backend('b', ports[1] as number)]);
    const fail = async (): Promise<void> => {
      for (let time = 0; time < 10 && (await states(here))[0] === 'ready'; time++) await post(here, port);
    };
    for (const ms of [1000, 2000, 4000, 4000]) {
      await fail();
      await here.clock.advance(ms - 1);
      expect((await states(here))[0]).toBe('ejected');
      await here.clock.advance(1);
      expect((await states(here))[0]).toBe('ready');
    }
  });
});

test('no more than half of the backends are ejected, and never the last one', async () => {
  const here = world({ eject: { answers: 1, maxShare: 1 } });
  const ports = [await here.tcp(resets), await here.tcp(resets)];
  const port = await here.apply([backend('a', ports[0] as number), backend('b', ports[1] as number)]);
  for (let time = 0; time < 6; time++) expect(await post(here, port)).toBeUndefined();
  expect((await states(here)).toSorted()).toEqual(['ejected', 'ready']);

  const half = world({ eject: { answers: 1 } });
  const all = await Promise.all(['a', 'b', 'c', 'd'].map(async (id) => backend(id, await half.tcp(resets))));
  const second = await half.apply(all);
  for (let time = 0; time < 12; time++) await post(half, second);
  expect((await states(half)).filter((state) => state === 'ejected')).toHaveLength(2);
});

test('backends of a protocol without answers are not ejected', async () => {
  const here = world({ answerTimeoutMs: 1000, eject: { answers: 1 } });
  const ports = [await here.tcp(hangs), await here.tcp(hangs)];
  const all = [backend('a', ports[0] as number), backend('b', ports[1] as number)];
  const port = await here.apply(all, { appProtocol: undefined });
  const clients = [1, 2, 3, 4].map(() => here.client(port).send('a line of a log\n'));
  await pause();
  await here.clock.advance(5000);
  for (const { socket } of clients) socket.destroy();
  await pause();
  expect(await states(here)).toEqual(['ready', 'ready']);
});
