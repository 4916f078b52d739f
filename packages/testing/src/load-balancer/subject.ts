import { setMaxListeners } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import type { Lifecycle, LoadBalancer } from '@gantry/core';
import type { Backend, Frontend } from '@gantry/core/contracts';
import type { Case, CaseContext } from '../kit.ts';

/** A started load balancer without frontends that can reach and listen on 127.0.0.1. */
export interface LoadBalancerSubject {
  readonly loadBalancer: LoadBalancer & Lifecycle;
}

export type LoadBalancerCase = Case<LoadBalancerSubject>;

export const ADDRESS = '127.0.0.1';

/** A server that sends its name first and then echoes what it receives. */
export interface TestBackend {
  readonly id: string;
  readonly sockets: Set<Socket>;
  /** Number of connections since its start. */
  readonly count: () => number;
  as(state: Backend['state']): Backend;
}

export async function startBackend(id: string, context: CaseContext): Promise<TestBackend> {
  // Every socket of a case has a listener for the signal.
  setMaxListeners(0, context.signal);
  const sockets = new Set<Socket>();
  let count = 0;
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    count++;
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.write(`${id}\n`);
    socket.pipe(socket);
  });
  const { port } = await listening(server, 0, context);
  context.signal.addEventListener('abort', () => {
    for (const socket of sockets) socket.destroy();
  });
  return { id, sockets, count: () => count, as: (state) => ({ id, address: ADDRESS, port, state }) };
}

export async function startBackends(count: number, context: CaseContext): Promise<readonly TestBackend[]> {
  return await Promise.all(Array.from({ length: count }, (_, index) => startBackend(`b${index}`, context)));
}

/** Listens until the case is over, or until `close`. */
export async function listening(
  server: ReturnType<typeof createServer>,
  port: number,
  context: CaseContext,
): Promise<{ port: number; close: () => Promise<void> }> {
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  context.signal.addEventListener('abort', () => void close());
  const up = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, ADDRESS, resolve);
  });
  await context.within(up, 'a server of the test to listen');
  return { port: (server.address() as { port: number }).port, close };
}

/** A client's connection: the backend that answered, the data received, and how it ended. */
export interface Client {
  readonly socket: Socket;
  /** The name that the backend sent. */
  readonly backend: string;
  /** Everything received after the name. */
  readonly received: () => string;
  /** Its length in characters: cheap to poll. */
  readonly count: () => number;
  readonly closed: () => boolean;
  /** Closes the connection, and waits until the backend's side is closed as well. */
  hangUp(): Promise<void>;
}

export async function dial(port: number, context: CaseContext): Promise<Client> {
  const socket = connect({ port, host: ADDRESS, allowHalfOpen: true });
  context.signal.addEventListener('abort', () => socket.destroy());
  let text = '';
  let length = 0;
  let over = false;
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    length += chunk.length;
  });
  socket.on('error', () => {
    over = true;
  });
  socket.on('end', () => {
    over = true;
  });
  socket.on('close', () => {
    over = true;
  });
  const backend = await context.until(() => {
    if (text.includes('\n')) return text.slice(0, text.indexOf('\n'));
    if (over) throw new Error(`the connection to ${port} was closed before a backend answered`);
    return false;
  }, 'a backend to say its name');
  const hangUp = async (): Promise<void> => {
    socket.destroy();
    await context.until(() => socket.closed, 'the socket to close');
  };
  const received = (): string => text.slice(backend.length + 1);
  const count = (): number => length - backend.length - 1;
  return { socket, backend, received, count, closed: () => over, hangUp };
}

/** Sends a text and waits for its echo: the connection is alive and not mixed up with others. */
export async function talk(client: Client, text: string, context: CaseContext): Promise<void> {
  const before = client.count();
  client.socket.write(text);
  await context.until(() => client.count() >= before + text.length, `the echo of "${text}"`);
  if (client.received().slice(before) !== text) throw new Error(`"${text}" came back as something else`);
}

/** Whether the port accepts connections. */
export async function answers(port: number, context: CaseContext): Promise<boolean> {
  const socket = connect({ port, host: ADDRESS });
  const answer = new Promise<boolean>((resolve) => {
    socket.on('connect', () => resolve(true));
    socket.on('error', () => resolve(false));
  });
  try {
    return await context.within(answer, `port ${port} to answer or refuse`);
  } finally {
    socket.destroy();
  }
}

export function frontend(backends: readonly Backend[], more: Partial<Frontend> = {}): Frontend {
  return {
    id: 'web/80/tcp',
    service: 'web',
    protocol: 'tcp',
    address: ADDRESS,
    port: 0,
    policy: 'round-robin',
    backends,
    ...more,
  };
}

/** Applies within the kit's timeout and returns the ports, in order; fails if a frontend cannot listen. */
export async function apply(
  { loadBalancer }: LoadBalancerSubject,
  context: CaseContext,
  ...frontends: readonly Frontend[]
): Promise<readonly number[]> {
  const statuses = await context.within(loadBalancer.apply(frontends), 'apply');
  return statuses.map(({ id, port, error }) => {
    if (error === undefined) return port;
    throw new Error(`${id} does not listen: ${error.code} ${error.message}`);
  });
}
