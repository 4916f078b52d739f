import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { GantryError } from '@gantry/core';
import { PROBLEM_TYPE, problemOf } from './problem.ts';

export const CLOSE_REASONS = Object.freeze(['total', 'address', 'headers', 'handshake', 'unread'] as const);

/** Reason why the server closed a connection. */
export type CloseReason = (typeof CLOSE_REASONS)[number];

interface Connection {
  readonly socket: Socket;
  readonly address: string;
  readonly key: string;
  /** Requests in progress. */
  active: number;
}

interface Peer {
  count: number;
  /** In the order in which they became idle. */
  readonly idle: Set<Connection>;
}

export interface ConnectionLimits {
  readonly connections: number;
  readonly connectionsPerAddress: number;
}

/**
 * The connections of the API's listeners. Beyond a maximum (in total, or for one client address) the connection that
 * has been idle for the longest time makes room for a new one; while all of them are in use, the new one is rejected. A
 * connection is idle while it has no request in progress.
 */
export class Connections {
  readonly limits: ConnectionLimits;
  readonly #onClosed: (reason: CloseReason) => void;
  readonly #connections = new Map<Socket, Connection>();
  readonly #byKey = new Map<string, Connection>();
  readonly #idle = new Set<Connection>();
  readonly #peers = new Map<string, Peer>();

  constructor(limits: ConnectionLimits, onClosed: (reason: CloseReason) => void) {
    this.limits = limits;
    this.#onClosed = onClosed;
  }

  get count(): number {
    return this.#connections.size;
  }

  get idle(): number {
    return this.#idle.size;
  }

  /** Tracks the connections of a server. `tls`: whether each begins with a handshake. */
  follow(server: Server, tls: boolean): void {
    server.on('connection', (socket: Socket) => this.#add(socket, tls));
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      const connection = this.#of(request.socket);
      if (connection === undefined) return;
      this.#begin(connection);
      response.once('close', () => this.#finish(connection));
    });
    // An upgraded connection is in use until it ends; it ends with its socket.
    server.on('upgrade', (_request: IncomingMessage, socket: Duplex) => {
      const connection = this.#of(socket as Socket);
      if (connection !== undefined) this.#begin(connection);
    });
    server.on('clientError', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') this.#onClosed('headers');
    });
    server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_TLS_HANDSHAKE_TIMEOUT') this.#onClosed('handshake');
    });
  }

  #add(socket: Socket, tls: boolean): void {
    const { remoteAddress: address = '', remotePort, localPort } = socket;
    const connection = { socket, address, key: `${address} ${remotePort} ${localPort}`, active: 0 };
    this.#connections.set(socket, connection);
    if (tls) this.#byKey.set(connection.key, connection);
    const peer = this.#peers.get(address) ?? { count: 0, idle: new Set() };
    peer.count++;
    this.#peers.set(address, peer);
    socket.once('close', () => this.#remove(connection));
    const { connections, connectionsPerAddress } = this.limits;
    // Clients of a Unix socket have no address.
    if (address !== '' && peer.count > connectionsPerAddress)
      this.#makeRoom(peer.idle, connection, 'address', tls);
    if (this.#connections.size > connections) this.#makeRoom(this.#idle, connection, 'total', tls);
    if (this.#connections.has(socket)) this.#setIdle(connection);
  }

  #makeRoom(idle: ReadonlySet<Connection>, added: Connection, reason: CloseReason, tls: boolean): void {
    const [longest] = idle;
    this.#close(longest ?? added, reason, tls);
  }

  #close(connection: Connection, reason: CloseReason, tls: boolean): void {
    const { socket } = connection;
    this.#remove(connection);
    this.#onClosed(reason);
    if (!tls && socket.writable) socket.write(refusal(reason));
    socket.destroySoon();
    if (tls) socket.destroy();
  }

  /** The connection of a request. With TLS, the socket of the request is not the socket of the connection. */
  #of(socket: Socket): Connection | undefined {
    const { remoteAddress = '', remotePort, localPort } = socket;
    return this.#connections.get(socket) ?? this.#byKey.get(`${remoteAddress} ${remotePort} ${localPort}`);
  }

  #begin(connection: Connection): void {
    connection.active++;
    this.#idle.delete(connection);
    this.#peers.get(connection.address)?.idle.delete(connection);
  }

  #finish(connection: Connection): void {
    connection.active--;
    if (connection.active === 0 && this.#connections.has(connection.socket)) this.#setIdle(connection);
  }

  #setIdle(connection: Connection): void {
    this.#idle.add(connection);
    this.#peers.get(connection.address)?.idle.add(connection);
  }

  #remove(connection: Connection): void {
    if (!this.#connections.delete(connection.socket)) return;
    this.#byKey.delete(connection.key);
    this.#idle.delete(connection);
    const peer = this.#peers.get(connection.address);
    if (peer === undefined) return;
    peer.idle.delete(connection);
    if (--peer.count === 0) this.#peers.delete(connection.address);
  }
}

/** The response that is written to a connection that is closed to keep within the limits. */
function refusal(reason: CloseReason): string {
  const whose = reason === 'address' ? 'this address has' : 'the server has';
  const error = new GantryError('UNAVAILABLE', `${whose} too many connections: retry later`);
  const body = JSON.stringify(problemOf(error, 'none'));
  const head = [
    'HTTP/1.1 503 Service Unavailable',
    'connection: close',
    'retry-after: 1',
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}
