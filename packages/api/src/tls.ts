import { createPrivateKey, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';

/** A certificate and its private key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

const DAY_MS = 24 * 3_600_000;
/** Validity of a certificate: ten years, as long as the directory that contains it may be in use. */
const DAYS = 3650;
/** A stored certificate is renewed when it expires in less than this. */
const RENEW_DAYS = 90;

/** Names and addresses by which others reach this host: its host name, and the addresses of its interfaces. */
export function hostNames(): readonly string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((each) =>
    (each ?? []).map(({ address }) => address.replace(/%.*$/, '')),
  );
  const name = hostname();
  const names = [name, name.split('.')[0] as string].filter((each) =>
    /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(each),
  );
  return [...new Set([...names, ...addresses])];
}

/**
 * Returns the self-signed certificate stored in a directory. Creates or renews it if it is missing, expires in less
 * than 90 days, or does not cover these hosts.
 */
export async function keptCertificate(
  directory: string,
  hosts: readonly string[],
  now: number,
): Promise<Certificate> {
  const file = join(directory, 'api-certificate.json');
  const kept = await readCertificate(file);
  if (kept !== undefined && isUsable(kept, hosts, now)) return kept;
  const made = await selfSignedCertificate(hosts, now);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}.tmp`;
  await writeFile(temporary, JSON.stringify(made), { mode: 0o600 });
  await rename(temporary, file);
  return made;
}

async function readCertificate(file: string): Promise<Certificate | undefined> {
  try {
    const { cert, key } = JSON.parse(await readFile(file, 'utf8')) as Partial<Certificate>;
    if (typeof cert !== 'string' || typeof key !== 'string') return undefined;
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key)) ? { cert, key } : undefined;
  } catch {
    return undefined; // missing or unusable
  }
}

function isUsable({ cert }: Certificate, hosts: readonly string[], now: number): boolean {
  const x509 = new X509Certificate(cert);
  if (Date.parse(x509.validTo) - now < RENEW_DAYS * DAY_MS) return false;
  return hosts.every((host) => (isIP(host) === 0 ? x509.checkHost(host) : x509.checkIP(host)) !== undefined);
}

/**
 * Creates a self-signed certificate for these hosts, valid for ten years. Clients that are to trust the server use it
 * as their CA.
 */
export async function selfSignedCertificate(hosts: readonly string[], now: number): Promise<Certificate> {
  const altNames = [...new Set(['localhost', '127.0.0.1', '::1', ...hosts])].map((host) =>
    isIP(host) === 0 ? ({ type: 2, value: host } as const) : ({ type: 7, ip: host } as const),
  );
  const { generate } = await import('selfsigned'); // takes a tenth of a second to load, and most starts do not need it
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

/** SHA-256 fingerprint of a certificate, for comparison by people: `AB:CD:…`. */
export function fingerprintOf(cert: string): string {
  return new X509Certificate(cert).fingerprint256;
}
