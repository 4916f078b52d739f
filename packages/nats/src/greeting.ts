import { connect } from 'node:net';
import { aborted } from '@gantry/core';
import { type Endpoint, endpointText } from './server-url.ts';

/** A server that responds. */
export interface Greeter {
  readonly endpoint: Endpoint;
  readonly wantsCertificate: boolean;
}

/** Result of an attempt to reach every server. */
export interface Greetings {
  /** The first server that greeted as NATS servers do. */
  readonly first: Greeter | undefined;
  /** Why the others did not, one phrase each. */
  readonly reasons: readonly string[];
}

/**
 * Connects to all servers concurrently until one of them greets. The NATS client tries one after the other, reports
 * only the reason of the last, and leaves the socket of an unresponsive server behind; so it is given only servers that
 * respond.
 *
 * @throws `ABORTED` on a fired signal.
 */
export function firstGreeting(endpoints: readonly Endpoint[], signal: AbortSignal): Promise<Greetings> {
  const reasons: string[] = [];
  return new Promise((resolve, reject) => {
    const sockets = endpoints.map((endpoint) => {
      const socket = connect(endpoint.port, endpoint.host);
      let reason = 'closed the connection without a greeting';
      socket.once('data', (data) => {
        const text = data.toString('latin1');
        if (text.startsWith('INFO '))
          done({ endpoint, wantsCertificate: text.includes('"tls_verify":true') });
        else reason = 'is not a NATS server';
        socket.destroy();
      });
      socket.on('error', (error) => {
        reason = reasonOf(error);
      });
      socket.on('close', () => {
        reasons.push(`${endpointText(endpoint)} ${reason}`);
        if (reasons.length === endpoints.length) done(undefined);
      });
      return socket;
    });
    const end = (): void => {
      signal.removeEventListener('abort', onAbort);
      for (const socket of sockets) socket.destroy();
    };
    const done = (first: Greeter | undefined): void => {
      end();
      resolve({ first, reasons: [...reasons] });
    };
    const onAbort = (): void => {
      end();
      reject(aborted(signal));
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

/** Returns a phrase that says why a connection could not be established. */
function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return 'refused the connection';
  if (error.code === 'ENOTFOUND') return 'has an unknown host name';
  return `could not be reached (${error.code ?? error.message})`;
}
