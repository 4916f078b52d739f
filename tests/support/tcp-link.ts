import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A path to a server through this process that can be cut. Either nothing gets through (connections stay open without
 * traffic, as when a cable is pulled), or requests still arrive and no reply comes back.
 */
export class TcpLink implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [near: Socket, far: Socket]>();
  #forwards = true;
  #answers = true;

  private constructor(server: Server, target: number, host: string) {
    this.#server = server;
    this.port = (server.address() as { port: number }).port;
    server.on('connection', (near) => this.#join(near, connect(target, host)));
  }

  static async to(target: number, host = '127.0.0.1'): Promise<TcpLink> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TcpLink(server, target, host);
  }

  /** Nothing gets through, in either direction. */
  cut(): void {
    this.#forwards = false;
    this.#answers = false;
  }

  /** What is asked still arrives; answers are lost. */
  loseAnswers(): void {
    this.#answers = false;
  }

  /** Everything gets through again. Connections that lost something are ended, as the other side would end them. */
  heal(): void {
    if (this.#forwards && this.#answers) return;
    this.#forwards = true;
    this.#answers = true;
    this.reset();
  }

  /** Ends every connection; new ones can be made. */
  reset(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.reset();
    await closed;
  }

  #join(near: Socket, far: Socket): void {
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of pair) {
      socket.setNoDelay(true);
      socket.on('error', end);
      socket.on('close', end);
    }
    near.on('data', (data) => this.#forwards && far.write(data));
    far.on('data', (data) => this.#answers && near.write(data));
  }
}
