import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import type { Backend, Frontend } from '@gantry/core/contracts';
import { SeededRandom, silentLogger, TestClock } from '@gantry/testing';
import type { ProxyOptions } from '../../src/options.ts';
import { ProxyLoadBalancer } from '../../src/proxy-load-balancer.ts';

const ADDRESS = '127.0.0.1';

/** A proxy, servers behind it and clients before it, all cleared away together. */
export class World {
  readonly clock = new TestClock();
  readonly proxy: ProxyLoadBalancer;
  readonly drained: string[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #servers: { close(): unknown }[] = [];

  constructor(options: ProxyOptions = {}) {
    const needs = { clock: this.clock, random: new SeededRandom(1), logger: silentLogger };
    this.proxy = new ProxyLoadBalancer(needs, options);
    this.proxy.onDrained((backend) => this.drained.push(backend));
  }

  async http(listener: RequestListener, port = 0): Promise<{ port: number; server: Server }> {
    const server = createServer({ keepAliveTimeout: 60_000 }, listener);
    return { port: await this.#listen(server, port), server };
  }

  async tcp(listener: (socket: Socket) => void, port = 0): Promise<number> {
    return await this.#listen(createTcpServer({ allowHalfOpen: true }, listener), port);
  }

  async freePort(): Promise<number> {
    const server = createTcpServer();
    const port = await this.#listen(server, 0);
    server.close();
    await once(server, 'close');
    return port;
  }

  async apply(backends: readonly Backend[], more: Partial<Frontend> = {}): Promise<number> {
    const frontend: Frontend = {
      id: 'web/80/tcp',
      service: 'web',
      protocol: 'tcp',
      address: ADDRESS,
      port: 0,
      policy: 'round-robin',
      appProtocol: 'http',
      backends,
      ...more,
    };
    const [status] = await this.proxy.apply([frontend]);
    if (status === undefined || status.error !== undefined) throw new Error(status?.error?.message);
    return status.port;
  }

  client(port: number): Client {
    const socket = connect({ port, host: ADDRESS, allowHalfOpen: true });
    this.#sockets.add(socket);
    return new Client(socket);
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await this.proxy[Symbol.asyncDispose]();
    for (const server of this.#servers) server.close();
  }

  async #listen(server: Server | ReturnType<typeof createTcpServer>, port: number): Promise<number> {
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
    });
    server.listen(port, ADDRESS);
    await once(server, 'listening');
    this.#servers.push(server);
    return (server.address() as AddressInfo).port;
  }
}

export class Client {
  readonly socket: Socket;
  text = '';
  closed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      this.text += chunk;
    });
    for (const event of ['end', 'error', 'close']) {
      socket.on(event, () => {
        this.closed = true;
      });
    }
  }

  send(text: string): this {
    this.socket.write(text);
    return this;
  }

  /** Sends a request and returns the body of its answer. */
  async ask(method = 'GET', fields = '', body = ''): Promise<string> {
    this.text = '';
    const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`;
    this.send(`${method} / HTTP/1.1\r\nHost: a\r\n${length}${fields}\r\n${body}`);
    await until(() => this.closed || /\r\n\r\n.*\.(\r\n0\r\n\r\n)?$/s.test(this.text));
    if (this.closed && this.text === '') throw new Error('closed without an answer');
    return this.text.slice(this.text.indexOf('\r\n\r\n') + 4);
  }
}

export function backend(id: string, port: number, state: Backend['state'] = 'ready'): Backend {
  return { id, address: ADDRESS, port, state };
}

export async function until(check: () => boolean): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${check}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Long enough for what should not happen to happen. */
export async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 40));
}
