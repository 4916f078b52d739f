import { connect, type Socket } from 'node:net';

/** Connections at a time: as many as wait in the queue of a listener. */
const BATCH = 200;

/** Connections to a port that say nothing. Those that the other side closes or resets are counted. */
export class IdleConnections implements AsyncDisposable {
  readonly #sockets: readonly Socket[];

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets;
  }

  /** Opens as many; each has been accepted or refused when this resolves. */
  static async open(port: number, count: number): Promise<IdleConnections> {
    const sockets: Socket[] = [];
    while (sockets.length < count) {
      const more = Array.from({ length: Math.min(BATCH, count - sockets.length) }, () =>
        connect(port, '127.0.0.1'),
      );
      sockets.push(...more);
      await Promise.all(
        more.map(
          (socket) =>
            new Promise<void>((resolve) => {
              socket
                .on('connect', resolve)
                .on('error', () => undefined)
                .on('close', () => resolve());
              socket.resume();
            }),
        ),
      );
    }
    return new IdleConnections(sockets);
  }

  get open(): number {
    return this.#sockets.length - this.closed;
  }

  get closed(): number {
    return this.#sockets.filter(({ destroyed }) => destroyed).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#sockets.map(
        (socket) =>
          new Promise<void>((resolve) => {
            if (socket.closed) return resolve();
            socket.once('close', () => resolve());
            socket.destroy();
          }),
      ),
    );
  }
}
