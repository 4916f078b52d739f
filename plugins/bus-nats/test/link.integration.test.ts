import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type GantryError, isGantryError } from '@gantry/core';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type NatsServer, startNats, startNatsCluster } from '../../../tests/support/nats-server.ts';
import { freePorts } from '../../../tests/support/ports.ts';
import { describeWith } from '../../../tests/support/services.ts';
import { TcpLink } from '../../../tests/support/tcp-link.ts';
import type { NatsBus, NatsBusOptions } from '../src/index.ts';
import { type LogLine, makeBus } from './support/make-bus.ts';
import { sleep, until } from './support/wait.ts';

const IN_TIME = { timeoutMs: 15_000 };

describeWith('nats', 'bus-nats', () => {
  describe('when its server is killed and started again', () => {
    test('subscriptions and responders work again, and requests meanwhile fail in time', async () => {
      const server = await nats();
      const [asker, responder] = [
        await started({ servers: server.url }),
        await started({ servers: server.url }),
      ];
      const heard: unknown[] = [];
      const worked: unknown[] = [];
      asker.bus.subscribe('hints.*', ({ payload }) => heard.push(payload));
      for (const { bus } of [asker, responder]) {
        bus.subscribe('jobs', ({ payload }) => worked.push(payload), { group: 'workers' });
      }
      responder.bus.respond('quick', async () => 'answer');
      responder.bus.respond('never', () => new Promise(() => undefined));
      await answers(asker.bus, 'quick');

      const open = timed(asker.bus.request('never', null, { timeoutMs: 60_000 }));
      await server.daemon.stop();
      await until(() => lost(asker.lines).length === 1 && lost(responder.lines).length === 1, 'the loss');
      const away = await timed(asker.bus.request('quick', null, IN_TIME));
      expect(away.error.code).toBe('UNAVAILABLE');
      expect(away.error.message).toContain(`127.0.0.1:${server.port} cannot be reached`);
      for (let number = 0; number < 1000; number++) responder.bus.publish('hints.1', 'old');
      const { error, ms } = await open;
      expect(error.code).toBe('TIMEOUT');
      expect(ms).toBeLessThan(60_000); // it did not wait for its deadline

      // What begins and ends while the server is away counts as well.
      const ended = asker.bus.subscribe('hints.1', () => heard.push('ended'));
      const end = responder.bus.respond('quick.ended', async () => 'ended');
      responder.bus.respond('quick.late', async () => 'late');
      ended();
      end();
      await server.daemon.start();
      for (const { lines } of [asker, responder]) await until(() => back(lines).length === 1, 'the return');
      expect(await asker.bus.request('quick', null, IN_TIME)).toBe('answer');
      expect(await asker.bus.request('quick.late', null, IN_TIME)).toBe('late');
      expect((await timed(asker.bus.request('quick.ended', null, IN_TIME))).error.code).toBe('UNAVAILABLE');
      responder.bus.publish('hints.1', 'new');
      for (let job = 0; job < 50; job++) responder.bus.publish('jobs', job);
      await until(() => heard.length > 0 && worked.length >= 50, 'the messages');
      expect(heard).toEqual(['new']);
      expect(worked.length).toBe(50);
      expect(asker.lines.map(({ level, message }) => [level, message])).toEqual([
        ['warn', 'the connection was lost'],
        ['info', 'the connection is back'],
      ]);
      expect(dropped(responder.lines)).toEqual([1000]);
    });

    test('receives nothing twice, five times in a row', async () => {
      const server = await nats();
      const { bus, lines } = await started({ servers: server.url });
      const heard: unknown[] = [];
      bus.subscribe('a', ({ payload }) => heard.push(payload));
      bus.respond('b', async () => 'b');
      for (let turn = 1; turn <= 5; turn++) {
        await server.daemon.restart();
        await until(() => back(lines).length === turn, 'the return');
        expect(await bus.request('b', null, IN_TIME)).toBe('b');
        bus.publish('a', turn);
        await until(() => heard.length >= turn, 'the message');
      }
      expect(heard).toEqual([1, 2, 3, 4, 5]);
      expect(lost(lines).length).toBe(5);
    });
  });

  test('an unresponsive server is noticed within 6 s, and until then requests fail at their deadlines', async () => {
    const server = await nats();
    await using link = await TcpLink.to(server.port);
    const { bus, lines } = await started({ servers: `nats://127.0.0.1:${link.port}` });
    bus.respond('a', async () => 'a');
    await answers(bus, 'a');
    link.cut();
    const { error } = await timed(bus.request('a', null, { timeoutMs: 300 }));
    expect(error.code).toBe('TIMEOUT');
    await until(() => lost(lines).length === 1, 'the loss', 60_000);
    expect((await timed(bus.request('a', null, IN_TIME))).error.code).toBe('UNAVAILABLE');
    link.heal();
    await until(() => back(lines).length === 1, 'the return');
    expect(await bus.request('a', null, IN_TIME)).toBe('a');
  });

  test('a server that accepts nothing more does not fill the memory: excess messages are dropped', async () => {
    const server = await nats();
    await using link = await TcpLink.to(server.port);
    const { bus, lines } = await started({ servers: `nats://127.0.0.1:${link.port}` });
    link.cut();
    const payload = 'x'.repeat(500_000);
    for (let number = 0; number < 300; number++) bus.publish('a', payload);
    const { error } = await timed(bus.request('a', null, IN_TIME));
    expect(error.code).toBe('UNAVAILABLE');
    expect(error.message).toContain('takes messages too slowly');
    expect(lines.map(({ message }) => message)).toEqual([
      'the server takes messages too slowly: some are dropped',
    ]);
    link.heal();
    await until(() => back(lines).length === 1, 'the return');
    const sent = 300 - (dropped(lines)[0] as number);
    expect(sent * payload.length).toBeLessThan(65 * 2 ** 20);
    expect(sent * payload.length).toBeGreaterThan(60 * 2 ** 20);
    bus.respond('a', async () => 'a');
    expect(await bus.request('a', null, IN_TIME)).toBe('a');
  });

  test('a server that rejects the credentials on return is retried, which is logged once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gantry-bus-nats-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const config = join(folder, 'nats.conf');
    const wanting = (token: string): Promise<void> => writeFile(config, `authorization: { token: ${token} }`);
    await wanting('abc');
    await using server = await startNats(['--config', config]);
    const { bus, lines } = await started({ servers: server.url, token: 'abc' });
    bus.respond('a', async () => 'a');
    await wanting('def');
    await server.daemon.restart();
    await until(() => lines.length >= 2, 'the refusal');
    await sleep(1000);
    await wanting('abc');
    await server.daemon.restart();
    await until(() => back(lines).length === 1, 'the return');
    expect(lines.map(({ message }) => message)).toEqual([
      'the connection was lost',
      'the server refuses',
      'the connection is back',
    ]);
    expect(back(lines)[0]?.fields?.tries).toBeGreaterThan(2);
    expect(JSON.stringify(lines)).not.toContain('abc');
    expect(await bus.request('a', null, IN_TIME)).toBe('a');
  });

  test('another server takes over, and groups span all of them', async () => {
    const cluster = await startNatsCluster();
    onTestFinished(() => cluster[Symbol.asyncDispose]());
    const away = 'nats://127.0.0.1:1';
    const buses = await Promise.all(
      cluster.urls.map((url) =>
        started({ servers: [url, ...cluster.urls.filter((one) => one !== url), away] }),
      ),
    );
    const [first, second, third] = buses as [Started, Started, Started];
    const worked: unknown[] = [];
    for (const [index, pattern] of ['jobs.a', 'jobs.*', '>'].entries()) {
      buses[index]?.bus.subscribe(pattern, ({ subject }) => subject === 'jobs.a' && worked.push(1), {
        group: 'g',
      });
    }
    second.bus.respond('a', async () => 'a');
    await answers(first.bus, 'a');
    await answers(third.bus, 'a');
    for (let job = 0; job < 300; job++) first.bus.publish('jobs.a', job);
    await until(() => worked.length >= 300, 'all jobs');
    await cluster.daemons[0]?.stop();
    await until(() => buses.every(({ lines }) => lost(lines).length === back(lines).length), 'the return');
    for (const { bus } of buses) await answers(bus, 'a');
    for (let job = 0; job < 300; job++) third.bus.publish('jobs.a', job);
    await until(() => worked.length >= 600, 'all jobs');
    expect(worked.length).toBe(600);
  });

  describe('a start', () => {
    test('fails without a server as UNAVAILABLE after its timeout, with the reason of each server', async () => {
      const [one, two] = await freePorts(2);
      const servers = [`nats://user:secret@127.0.0.1:${one}`, `nats://user:secret@localhost:${two}`];
      const { bus } = made({ servers, connectTimeoutMs: 400 });
      const { error, ms } = await timed(start(bus));
      expect(error.code).toBe('UNAVAILABLE');
      expect(error.message).toContain(`no server answered within 400 ms: `);
      for (const host of [`127.0.0.1:${one}`, `localhost:${two}`]) {
        expect(error.message).toContain(`${host} refused the connection`);
      }
      expect(error.message).not.toContain('secret');
      expect(ms).toBeGreaterThan(300);
    });

    test('waits for a server that comes up', async () => {
      const server = await nats();
      await server.daemon.stop();
      const { bus } = made({ servers: server.url });
      const starting = start(bus);
      await server.daemon.start();
      await starting;
      bus.respond('a', async () => 'a');
      expect(await bus.request('a', null, IN_TIME)).toBe('a');
    });

    test('fails at an unresponsive server and leaves no socket behind', async () => {
      const silent = await listening(() => undefined);
      const before = sockets();
      const { bus } = made({ servers: silent.url, connectTimeoutMs: 300 });
      const { error } = await timed(start(bus));
      expect(error.code).toBe('UNAVAILABLE');
      expect(error.message).toContain('did not respond');
      await until(() => sockets() <= before, 'the sockets to be gone');
      expect(await silent.connections()).toBe(0);
    });

    test('passes over servers that are away, silent, or no NATS servers', async () => {
      const server = await nats();
      const silent = await listening(() => undefined);
      const web = await listening((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      const servers = ['nats://127.0.0.1:1', silent.url, web.url, server.url];
      await start(made({ servers }).bus);
      const { error } = await timed(start(made({ servers: web.url, connectTimeoutMs: 300 }).bus));
      expect(error.message).toContain('is not a NATS server');
    });

    test('ends as ABORTED when its signal fires, and as CLOSED when the bus is closed', async () => {
      const silent = await listening(() => undefined);
      const abort = new AbortController();
      const { bus } = made({ servers: silent.url });
      const starting = timed(bus.start(abort.signal));
      abort.abort();
      expect((await starting).error.code).toBe('ABORTED');
      const other = made({ servers: silent.url }).bus;
      const closing = timed(start(other));
      await other[Symbol.asyncDispose]();
      expect((await closing).error.code).toBe('CLOSED');
    });

    test('takes up what subscribed before; before it nothing is sent', async () => {
      const server = await nats();
      const { bus } = made({ servers: server.url });
      const heard: unknown[] = [];
      bus.subscribe('a', ({ payload }) => heard.push(payload));
      bus.subscribe('a', () => heard.push('ended'))();
      bus.respond('b', async () => 'b');
      bus.publish('a', 'early');
      expect((await timed(bus.request('b', null, IN_TIME))).error.code).toBe('UNAVAILABLE');
      await start(bus);
      expect(await bus.request('b', null, IN_TIME)).toBe('b');
      bus.publish('a', 'late');
      await until(() => heard.length > 0, 'the message');
      expect(heard).toEqual(['late']);
    });
  });

  describe('closing', () => {
    test('is nothing before a start and after one that failed', async () => {
      const { bus } = made({});
      await bus[Symbol.asyncDispose]();
      expect(() => bus.publish('a', 1)).toThrow('the bus is closed');
      const failed = made({ servers: 'nats://127.0.0.1:1', connectTimeoutMs: 50 }).bus;
      await start(failed).catch(() => undefined);
      await failed[Symbol.asyncDispose]();
      await failed[Symbol.asyncDispose]();
    });

    test('ends while the server is away, unresponsive or halted, and leaves no socket behind', async () => {
      const before = sockets();
      const server = await nats();
      const away = await started({ servers: server.url });
      await server.daemon.stop();
      await until(() => lost(away.lines).length === 1, 'the loss');
      await away.bus[Symbol.asyncDispose]();

      await server.daemon.start();
      const link = await TcpLink.to(server.port);
      const silent = await started({ servers: `nats://127.0.0.1:${link.port}` });
      link.cut();
      link.reset();
      await until(() => lost(silent.lines).length === 1, 'the loss');
      await until(() => sockets() >= before + 3, 'the next attempt');
      await silent.bus[Symbol.asyncDispose]();
      await until(() => sockets() <= before, 'the sockets to be gone');
      await link[Symbol.asyncDispose]();

      const halted = await started({ servers: server.url });
      server.daemon.signal('SIGSTOP');
      const stat = (): Promise<string> => readFile(`/proc/${server.daemon.pid}/stat`, 'utf8');
      await until(async () => / T /.test(await stat()), 'the server to be halted');
      halted.bus.publish('a', 1);
      await halted.bus[Symbol.asyncDispose]();
      server.daemon.signal('SIGCONT');
      await until(() => sockets() <= before, 'the sockets to be gone');
    });
  });

  test('a subject that the server forbids is reported: a request is FORBIDDEN, the rest is logged', async () => {
    await using server = await startNats(['--config', `${import.meta.dirname}/support/permissions.conf`]);
    const { bus, lines } = await started({ servers: server.url, user: 'gantry', password: 'x' });
    bus.subscribe('secret.>', () => undefined);
    await until(() => lines.length === 1, 'the refused subscription');
    expect(lines[0]).toMatchObject({ level: 'error', fields: { pattern: 'secret.>' } });
    expect((await timed(bus.request('secret.a', 1, IN_TIME))).error.code).toBe('FORBIDDEN');
    const mute = await started({ servers: server.url, user: 'deaf', password: 'x' });
    bus.respond('a', async () => 'a');
    await answers(bus, 'a');
    const { error } = await timed(mute.bus.request('a', 1, IN_TIME));
    expect(error.code).toBe('FORBIDDEN');
  });

  test('the connection has its configured name at the server', async () => {
    const [monitor] = await freePorts(1);
    await using server = await startNats(['--http_port', String(monitor)]);
    await started({ servers: server.url, name: 'gantry agent n1' });
    const connz = (await (await fetch(`http://127.0.0.1:${monitor}/connz`)).json()) as {
      connections: { name: string }[];
    };
    expect(connz.connections.map(({ name }) => name)).toEqual(['gantry agent n1']);
  });
});

interface Started {
  readonly bus: NatsBus;
  readonly lines: LogLine[];
}

async function nats(): Promise<NatsServer> {
  const server = await startNats();
  onTestFinished(() => server[Symbol.asyncDispose]());
  return server;
}

function made(options: NatsBusOptions): Started {
  const { bus, lines } = makeBus(options);
  onTestFinished(() => bus[Symbol.asyncDispose]());
  return { bus, lines };
}

async function started(options: NatsBusOptions): Promise<Started> {
  const one = made(options);
  await start(one.bus);
  return one;
}

function start(bus: NatsBus): Promise<void> {
  return bus.start(new AbortController().signal);
}

/** Until the responder is known to the server. */
async function answers(bus: NatsBus, subject: string): Promise<void> {
  const asks = (): Promise<boolean> =>
    bus.request(subject, null, { timeoutMs: 1000 }).then(
      () => true,
      () => false,
    );
  await until(asks, `an answer on ${subject}`);
}

/** What a promise fails with, and after how long. */
async function timed(
  promise: Promise<unknown>,
): Promise<{ readonly error: GantryError; readonly ms: number }> {
  const from = performance.now();
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isGantryError(error)) throw new Error(`no GantryError: ${String(error)}`);
  return { error, ms: performance.now() - from };
}

const lost = (lines: readonly LogLine[]): readonly LogLine[] =>
  lines.filter(({ message }) => message === 'the connection was lost');
const dropped = (lines: readonly LogLine[]): readonly unknown[] =>
  lines
    .filter(({ message }) => message === 'messages were dropped while no server was connected')
    .map(({ fields }) => fields?.dropped);
const back = (lines: readonly LogLine[]): readonly LogLine[] =>
  lines.filter(({ message }) => message === 'the connection is back');

function sockets(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
}

async function listening(
  onConnection: (socket: Socket) => void,
): Promise<{ readonly url: string; readonly connections: () => Promise<number> }> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    onConnection(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  const connections = (): Promise<number> =>
    new Promise((resolve, reject) =>
      server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  return { url: `nats://127.0.0.1:${port}`, connections };
}
