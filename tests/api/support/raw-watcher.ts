import { connect, type Socket } from 'node:net';
import { ADMIN_TOKEN } from './served.ts';

const LINE = /"labels":\{"tick":"(\d+)","at":"(\d+)"/g;

/** Watches the networks on a raw socket, which costs less than any HTTP client, and checks the order of the changes. */
export class RawWatcher {
  readonly socket: Socket;
  /** Number of the last change. */
  last = 0;
  seen = 0;
  wrong = 0;
  bytes = 0;
  closed = false;
  text = '';
  readonly #delays: Float64Array | undefined;
  #measured = 0;

  /** `keep`: how many delays to measure. */
  constructor(url: string, keep: number) {
    const { hostname, port } = new URL(url);
    this.#delays = keep > 0 ? new Float64Array(keep) : undefined;
    this.socket = connect(Number(port), hostname);
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.closed = true;
    });
    this.socket.on('data', (data) => this.#take(data));
    this.socket.write(
      `GET /v1/networks?watch=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ADMIN_TOKEN}\r\n\r\n`,
    );
  }

  get delays(): Float64Array {
    return (this.#delays ?? new Float64Array()).subarray(0, this.#measured);
  }

  /** Resolves when the server has reported that the watcher is complete. */
  async ready(): Promise<void> {
    while (!this.text.includes('"bookmark"')) {
      await new Promise((resolve, reject) => {
        this.socket.once('data', resolve);
        this.socket.once('close', () => reject(new Error(`the watch ended: ${this.text.slice(0, 500)}`)));
      });
    }
    this.text = '';
  }

  #take(data: Buffer): void {
    this.bytes += data.length;
    const text = this.text + data.toString('latin1');
    let end = 0;
    const now = Date.now();
    LINE.lastIndex = 0;
    for (let match = LINE.exec(text); match !== null; match = LINE.exec(text)) {
      end = LINE.lastIndex;
      const tick = Number(match[1]);
      if (tick === 0) continue; // from before
      this.seen++;
      if (tick !== this.last + 1) this.wrong++;
      this.last = tick;
      if (this.#delays !== undefined && this.#measured < this.#delays.length) {
        this.#delays[this.#measured++] = now - Number(match[2]);
      }
    }
    // Half a line stays; the head of the answer does, until `ready`.
    this.text = text.slice(end).slice(-65_536);
  }
}
