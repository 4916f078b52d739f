import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export type Script = (response: ServerResponse, seen: Seen) => void;

/** A server that answers each request with the next of its scripts, and repeats the last one indefinitely. */
export class ScriptedServer implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly #server: Server;
  #scripts: Script[] = [];

  private constructor() {
    this.#server = createServer(async (request, response) => {
      let body = '';
      for await (const piece of request) body += String(piece);
      const { method = '', url = '', headers } = request;
      const seen = { method, url: new URL(url, 'http://x'), headers, body };
      this.seen.push(seen);
      const script = this.#scripts.length > 1 ? this.#scripts.shift() : this.#scripts[0];
      script?.(response, seen);
    });
  }

  static async start(...scripts: Script[]): Promise<ScriptedServer> {
    const server = new ScriptedServer();
    server.#scripts = scripts;
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Script =>
  (response) => {
    response.writeHead(status, {
      'content-type': 'application/json',
      'gantry-cluster-uid': 'u1',
      ...headers,
    });
    response.end(JSON.stringify(body));
  };

export const problem = (status: number, code: string, more: object = {}): Script =>
  json(status, { status, code, detail: `it is ${code}`, ...more });

/** Lines, and then an end, a loss, or nothing more. */
export const lines =
  (values: readonly unknown[], then: 'end' | 'lose' | 'stay' = 'end', uid = 'u1'): Script =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/x-ndjson', 'gantry-cluster-uid': uid });
    response.write(values.map((value) => `${JSON.stringify(value)}\n`).join(''), () => {
      if (then === 'end') response.end();
      else if (then === 'lose') response.destroy();
    });
  };
