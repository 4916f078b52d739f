import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** HTTP requests whose responses are not read beyond the beginning. */
export class Unread implements AsyncDisposable {
  readonly #sockets: readonly Socket[];

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets;
  }

  /** Sends a request `count` times, on connections of their own; resolves once each answer has begun. */
  static async send(port: number, token: string, path: string, count: number): Promise<Unread> {
    const head = `GET ${path} HTTP/1.1\r\nhost: gantry\r\nauthorization: Bearer ${token}\r\n\r\n`;
    const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1'));
    const begun = sockets.map(async (socket) => {
      socket.write(head);
      const [data] = (await once(socket, 'data')) as [Buffer];
      socket.pause();
      socket.on('error', () => undefined);
      const [status] = data.toString().split('\r\n');
      if (status !== 'HTTP/1.1 200 OK') throw new Error(`${path}: ${status}`);
    });
    await Promise.all(begun);
    return new Unread(sockets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
  }
}
