import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { generate } from 'selfsigned';

/** A certificate and its private key, PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 24 * 3_600_000;
const DAYS = 365;

/**
 * A certificate that vouches for itself, for these hosts and for a year: whoever is to trust the server is given it as
 * the CA.
 */
export async function selfSignedCertificate(hosts: readonly string[], now: number): Promise<Certificate> {
  const altNames = [...new Set(['localhost', '127.0.0.1', '::1', ...hosts])].map((host) =>
    isIP(host) === 0 ? ({ type: 2, value: host } as const) : ({ type: 7, ip: host } as const),
  );
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'gantry' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - DAY_MS),
    notAfterDate: new Date(now + DAYS * DAY_MS),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { cert, key };
}

/** SHA-256 of a certificate, by which people compare it: `AB:CD:…`. */
export function fingerprintOf(cert: string): string {
  return new X509Certificate(cert).fingerprint256;
}
