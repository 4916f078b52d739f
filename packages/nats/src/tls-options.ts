import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import type { TlsOptions } from '@nats-io/transport-node';
import type { NatsConnectionSettings } from './connection-options.ts';
import { readOptionFile } from './credentials.ts';

/**
 * How to make connections with TLS. The client reads the files at every connect, so new ones are taken up.
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
    // The client (3.3.1) hands this on to node:tls, although its type does not have it.
    checkServerIdentity: (name: string, peer: PeerCertificate) => identityError(name, peer, hosts),
  };
  return options;
}

/**
 * What is wrong with a certificate. The client names servers that it knows by address "localhost", so there a
 * certificate has to be for one of the servers of the options.
 */
function identityError(name: string, peer: PeerCertificate, hosts: readonly string[]): Error | undefined {
  const errors = (name === 'localhost' ? hosts : [name]).map((host) => checkServerIdentity(host, peer));
  return errors.includes(undefined) ? undefined : errors[0];
}
