import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { TlsOptions } from '@nats-io/transport-node';
import type { NatsConnectionSettings } from './connection-options.ts';
import { readOptionFile } from './credentials.ts';

/**
 * Returns the options of TLS connections. The client reads the files at every connect, so new ones are used.
 *
 * @throws `INVALID_OPTIONS` for a file that cannot be read.
 */
export function tlsOptions({ tls, servers }: NatsConnectionSettings, plugin: string): TlsOptions {
  for (const [option, path] of Object.entries(tls)) {
    if (path !== undefined) readOptionFile(plugin, `tls.${option}`, path);
  }
  const { ca, cert, key } = tls;
  const hosts = servers.map(({ host }) => host);
  const options = {
    ...(ca === undefined ? {} : { caFile: ca }),
    ...(cert === undefined || key === undefined ? {} : { certFile: cert, keyFile: key }),
    // The client (3.3.1) passes this on to node:tls, although its type lacks it.
    checkServerIdentity: (name: string, peer: PeerCertificate) => identityError(name, peer, hosts),
  };
  return options;
}

/**
 * Returns the problem with a certificate. The client names servers that it knows by address "localhost", so there a
 * certificate must be valid for one of the servers of the options.
 */
function identityError(name: string, peer: PeerCertificate, hosts: readonly string[]): Error | undefined {
  const errors = (name === 'localhost' ? hosts : [name]).map((host) => checkServerIdentity(host, peer));
  return errors.includes(undefined) ? undefined : errors[0];
}
