import { afterEach, describe, expect, test } from 'vitest';
import { backend, type Client, pause, until, World } from './support/world.ts';

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

async function open(here: World, port: number, count: number): Promise<readonly Client[]> {
  const clients = Array.from({ length: count }, () => here.client(port));
  await Promise.all(clients.map((client) => until(() => client.closed || client.text !== '')));
  return clients;
}

describe('the maximum of connections', () => {
  test('leaves room for other frontends when one reaches it, and is counted', async () => {
    const here = world({ connections: 10, connectionsPerFrontend: 6 });
    const greets = await here.tcp((socket) => {
      socket.write('a.');
      socket.on('end', () => socket.end());
    });
    const frontend = (id: string) => ({
      id,
      service: id,
      protocol: 'tcp' as const,
      address: '127.0.0.1',
      port: 0,
      policy: 'round-robin' as const,
      backends: [backend(`${id}.1`, greets)],
    });
    const [one, two] = await here.proxy.apply([frontend('one'), frontend('two')]);
    const held = await open(here, one?.port as number, 9);
    expect(held.filter(({ text }) => text === 'a.')).toHaveLength(6);
    expect(held.filter(({ closed }) => closed)).toHaveLength(3);
    const others = await open(here, two?.port as number, 6);
    expect(others.filter(({ text }) => text === 'a.')).toHaveLength(4);
    const counts = (await here.proxy.frontendStats()).map(({ connections, rejected }) => ({
      connections,
      rejected,
    }));
    expect(counts).toEqual([
      { connections: 6, rejected: 3 },
      { connections: 4, rejected: 2 },
    ]);
    for (const { socket } of held) socket.destroy();
    for (let time = 0; time < 100 && (await here.proxy.frontendStats())[0]?.connections !== 0; time++)
      await pause();
    expect((await open(here, two?.port as number, 1))[0]?.text).toBe('a.');
  });
});

describe('a connection', () => {
  test('is closed when no byte was sent in either direction for the idle timeout', async () => {
    const here = world({ idleTimeoutMs: 5000 });
    const port = await here.apply([backend('a', await here.tcp((socket) => socket.pipe(socket)))], tcp);
    const [idle, busy] = [here.client(port).send('x'), here.client(port).send('x')];
    await until(() => idle.text === 'x' && busy.text === 'x');
    await here.clock.advance(3000);
    busy.send('y');
    await until(() => busy.text === 'xy');
    await here.clock.advance(3000);
    await until(() => idle.closed);
    expect(busy.closed).toBe(false);
    await here.clock.advance(6000);
    await until(() => busy.closed);
    expect(here.clock.pending).toBe(0);
  });

  test.each([
    ['nothing', ''],
    ['half of a head', 'GET / HTTP/1.1\r\nHost:'],
  ])('is closed after the header timeout if it speaks HTTP and sends %s', async (_, sent) => {
    const here = world({ headersTimeoutMs: 2000 });
    const { port: a } = await here.http((_request, response) => response.end('a.'));
    const port = await here.apply([backend('a', a)]);
    const slow = here.client(port);
    if (sent !== '') slow.send(sent);
    const good = here.client(port);
    expect(await good.ask()).toContain('a.');
    await here.clock.advance(3000);
    await until(() => slow.closed);
    expect(good.closed).toBe(false);
    expect(await good.ask()).toContain('a.');
  });

  test.each(['client', 'backend'])('stays half-closed when the %s has ended its side', async (side) => {
    const here = world();
    let received = '';
    const a = await here.tcp((socket) => {
      if (side === 'backend') socket.end('bye.');
      socket.on('data', (chunk: Buffer) => {
        received += chunk.toString();
      });
      socket.on('end', () => {
        if (side === 'client') socket.end('late.');
      });
    });
    const port = await here.apply([backend('a', a)], tcp);
    const client = here.client(port);
    if (side === 'client') {
      client.socket.end('all');
      await until(() => client.text === 'late.');
      expect(received).toBe('all');
    } else {
      await until(() => client.text === 'bye.');
      client.send('still');
      await until(() => received === 'still');
      client.socket.end();
    }
  });
});
