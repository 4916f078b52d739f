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

/** Two backends that answer with their names. */
async function two(here: World): Promise<[number, number]> {
  const a = await here.http((_, response) => response.end('a.'));
  const b = await here.http((_, response) => response.end('b.'));
  return [a.port, b.port];
}

/** Answers each request as told: a text, or a function that treats the socket. */
async function scripted(here: World, answer: (request: string, socket: Socket) => void): Promise<number> {
  return await here.tcp((socket) => socket.on('data', (chunk) => answer(chunk.toString('latin1'), socket)));
}

describe('a kept HTTP connection', () => {
  test('moves to another backend when its backend drains, and the backend is reported as drained', async () => {
    const here = world();
    const [a, b] = await two(here);
    const port = await here.apply([backend('a', a)]);
    const client = here.client(port);
    expect(await client.ask()).toBe('a.');
    await here.apply([backend('a', a, 'draining'), backend('b', b)]);
    expect(here.drained).toEqual(['a']);
    expect(await client.ask()).toBe('b.');
    expect(client.closed).toBe(false);
    const stats = await here.proxy.stats();
    expect(stats.map(({ active }) => active)).toEqual([0, 1]);
  });

  test('moves also when it has not asked anything yet', async () => {
    const here = world();
    const [a, b] = await two(here);
    const port = await here.apply([backend('a', a)]);
    const client = here.client(port);
    await until(() => client.socket.readyState === 'open');
    await pause();
    await here.apply([backend('a', a, 'draining'), backend('b', b)]);
    expect(here.drained).toEqual(['a']);
    expect(await client.ask()).toBe('b.');
  });

  test('stays until a response in flight has arrived in full, then moves', async () => {
    const here = world();
    let finish = (): void => undefined;
    const slow = await here.http((_, response) => {
      response.write('first ');
      finish = () => response.end('a.');
    });
    const b = await here.http((_, response) => response.end('b.'));
    const port = await here.apply([backend('a', slow.port)]);
    const client = here.client(port);
    const answer = client.ask();
    await until(() => client.text.includes('first'));
    await here.apply([backend('a', slow.port, 'draining'), backend('b', b.port)]);
    await pause();
    expect(here.drained).toEqual([]);
    finish();
    expect(await answer).toContain('a.');
    await until(() => here.drained.length > 0);
    expect(await client.ask()).toBe('b.');
  });

  test('outlives a backend that ends it while it rests, or is cut off while it rests', async () => {
    const here = world();
    const a = await here.http((_, response) => response.end('a.'));
    const b = await here.http((_, response) => response.end('b.'));
    const port = await here.apply([backend('a', a.port)]);
    const client = here.client(port);
    expect(await client.ask()).toBe('a.');
    a.server.closeIdleConnections();
    await pause();
    expect(client.closed).toBe(false);
    expect(await client.ask()).toBe('a.');
    await here.apply([backend('b', b.port)]);
    await pause();
    expect(await client.ask()).toBe('b.');
  });

  test('ends when the backend said that it would', async () => {
    const here = world();
    const a = await here.http((_, response) => response.setHeader('Connection', 'close').end('a.'));
    const port = await here.apply([backend('a', a.port)]);
    const client = here.client(port);
    expect(await client.ask()).toContain('a.');
    await until(() => client.closed);
  });

  test('is never moved once it is upgraded', async () => {
    const here = world();
    const a = await scripted(here, (request, socket) => {
      socket.write(
        request.startsWith('GET') ? 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n' : `a:${request}`,
      );
    });
    const [, b] = await two(here);
    const port = await here.apply([backend('a', a)]);
    const client = here.client(port).send('GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n');
    await until(() => client.text.includes('101'));
    await here.apply([backend('a', a, 'draining'), backend('b', b)]);
    await pause();
    expect(here.drained).toEqual([]);
    client.send('frame');
    await until(() => client.text.endsWith('a:frame'));
  });

  test('is cut while idle without a backend when it receives anything other than a request', async () => {
    const here = world();
    const [a, b] = await two(here);
    const port = await here.apply([backend('a', a)]);
    const client = here.client(port);
    await client.ask();
    await here.apply([backend('a', a, 'draining'), backend('b', b)]);
    client.send('\x00\x01');
    await until(() => client.closed);
  });

  test('is closed after too long without a backend while idle', async () => {
    const here = world({ idleHttpMs: 1000 });
    const [a] = await two(here);
    const port = await here.apply([backend('a', a)]);
    const client = here.client(port);
    await client.ask();
    await here.apply([backend('a', a, 'draining')]);
    await here.clock.advance(999);
    await pause();
    expect(client.closed).toBe(false);
    await here.clock.advance(1);
    await until(() => client.closed);
  });

  test('is left alone on a frontend that is not HTTP', async () => {
    const here = world();
    const [a, b] = await two(here);
    const port = await here.apply([backend('a', a)], { appProtocol: undefined });
    const client = here.client(port);
    await client.ask();
    await here.apply([backend('a', a, 'draining'), backend('b', b)], { appProtocol: undefined });
    expect(await client.ask()).toBe('a.');
    expect(here.drained).toEqual([]);
  });
});

describe('a request that its backend dropped without an answer', () => {
  test('is sent once more, to another backend, if its method is idempotent', async () => {
    const here = world();
    const a = await scripted(here, (_, socket) => socket.destroy());
    const b = await here.http((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => response.end(`b got ${request.method} ${body}.`));
    });
    const port = await here.apply([backend('a', a), backend('b', b.port)]);
    const answers = [];
    for (let time = 0; time < 4; time++) answers.push(await here.client(port).ask('PUT', '', 'x'));
    expect(answers).toEqual(Array.from({ length: 4 }, () => 'b got PUT x.'));
  });

  test('is sent once more when the connection is reset', async () => {
    const here = world();
    const a = await scripted(here, (_, socket) => socket.resetAndDestroy());
    const [, b] = await two(here);
    const port = await here.apply([backend('a', a), backend('b', b)]);
    for (let time = 0; time < 4; time++) expect(await here.client(port).ask()).toBe('b.');
  });

  test('is not sent a third time', async () => {
    const here = world();
    let times = 0;
    const drop = async (): Promise<number> =>
      await scripted(here, (_, socket) => {
        times++;
        socket.destroy();
      });
    const port = await here.apply([
      backend('a', await drop()),
      backend('b', await drop()),
      backend('c', await drop()),
    ]);
    await expect(here.client(port).ask()).rejects.toThrow(/closed/);
    expect(times).toBe(2);
  });

  test('is not sent again if it is a POST, or if a part of the answer has come', async () => {
    const here = world();
    const a = await scripted(here, (request, socket) => {
      if (request.startsWith('GET')) socket.write('HTTP/1.1 200 OK\r\n');
      setTimeout(() => socket.resetAndDestroy(), 20);
    });
    const port = await here.apply([backend('a', a)]);
    await expect(here.client(port).ask('POST', '', 'x')).rejects.toThrow(/closed/);
    const client = here.client(port).send('GET / HTTP/1.1\r\n\r\n');
    await until(() => client.closed);
    expect(client.text).toBe('HTTP/1.1 200 OK\r\n');
    expect((await here.proxy.stats())[0]?.connections).toBe(2);
  });
});

test('no request fails while backends are replaced one by one under load', async () => {
  const here = world();
  const names = Array.from({ length: 8 }, (_, index) => `t${index}`);
  const ports = await Promise.all(
    names.map(async (name) => (await here.http((_, response) => response.end(`${name}.`))).port),
  );
  const as = (index: number, state: 'ready' | 'draining' = 'ready') =>
    backend(names[index] as string, ports[index] as number, state);
  const port = await here.apply([as(0), as(1)]);
  let over = false;
  let asked = 0;
  const clients = Array.from({ length: 6 }, async () => {
    const client = here.client(port);
    while (!over) {
      expect(await client.ask()).toMatch(/^t\d\.$/);
      asked++;
    }
  });
  for (let step = 0; step + 2 < names.length; step++) {
    await here.apply([as(step, 'draining'), as(step + 1), as(step + 2)]);
    await until(() => here.drained.includes(`t${step}`));
    await here.apply([as(step + 1), as(step + 2)]);
    await pause();
  }
  over = true;
  await Promise.all(clients);
  expect(asked).toBeGreaterThan(20);
});
