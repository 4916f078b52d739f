import { type Agent, type IncomingMessage, request as plainRequest, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Fetch, HttpBody, HttpRequest, HttpResponse } from '../http/fetch.ts';

export interface Way {
  readonly agents: { readonly http: Agent; readonly https: Agent };
  readonly socketPath?: string | undefined;
  readonly ca?: string | undefined;
}

/**
 * `fetch` over `node:http`: supports Unix sockets and a custom CA, applies backpressure, and takes a command-line
 * program a third of the time to load and to end, compared with Node's own.
 */
export function httpFetch({ agents, socketPath, ca }: Way): Fetch {
  return async (url, { method, headers, body, signal }) => {
    const options: RequestOptions = {
      agent: url.startsWith('https:') ? agents.https : agents.http,
      method,
      signal,
      headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
      ...(socketPath === undefined ? {} : { socketPath }),
      ...(ca === undefined ? {} : { ca }),
    };
    return answered(await sent(url, options, body));
  };
}

function sent(url: string, options: RequestOptions, body: HttpRequest['body']): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = (url.startsWith('https:') ? tlsRequest : plainRequest)(url, options, resolve);
    request.on('error', reject);
    request.end(body);
  });
}

function answered(message: IncomingMessage): HttpResponse {
  const { statusCode: status = 0, headers } = message;
  if (status >= 300 && status < 400) {
    message.destroy();
    throw new Error(`the server answered with a redirect, ${status}`);
  }
  return {
    ok: status >= 200 && status < 300,
    status,
    headers: { get: (name) => [headers[name] ?? null].flat()[0] ?? null },
    body: bodyOf(message),
    text: async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    },
  };
}

function bodyOf(message: IncomingMessage): HttpBody {
  return {
    getReader() {
      const iterator = message[Symbol.asyncIterator]();
      return {
        read: async () => (await iterator.next()) as { done: boolean; value?: Uint8Array },
        cancel: async () => void message.destroy(),
      };
    },
  };
}
