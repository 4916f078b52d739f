import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hostNames, keptCertificate, selfSignedCertificate } from '../src/tls.ts';

const NOW = 1_700_000_000_000;
const YEAR_MS = 365 * 24 * 3_600_000;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gantry-tls-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a self-signed certificate', () => {
  test('covers the names and addresses of this host, and localhost', async () => {
    const { cert } = await selfSignedCertificate(hostNames(), NOW);
    const x509 = new X509Certificate(cert);
    const addresses = Object.values(networkInterfaces()).flatMap((each) =>
      (each ?? []).map(({ address }) => address),
    );
    for (const address of [...addresses, '127.0.0.1', '::1']) expect(x509.checkIP(address)).toBeDefined();
    for (const name of [hostname(), 'localhost']) expect(x509.checkHost(name)).toBeDefined();
    expect(Date.parse(x509.validTo)).toBeGreaterThan(NOW + 9 * YEAR_MS);
  });

  test('lasts as long as its directory, which only its owner may read', async () => {
    const first = await keptCertificate(join(folder, 'a'), ['one.example.org'], NOW);
    expect(await keptCertificate(join(folder, 'a'), ['one.example.org'], NOW + 5 * YEAR_MS)).toEqual(first);
    expect(statSync(join(folder, 'a', 'api-certificate.json')).mode & 0o077).toBe(0);
  });

  test.each([
    ['it has less than 90 days left', ['one.example.org'], NOW + 9.9 * YEAR_MS],
    ['the host has another name', ['two.example.org'], NOW],
    ['the host has another address', ['one.example.org', '192.0.2.7'], NOW],
  ])('is renewed when %s', async (_why, hosts, now) => {
    const first = await keptCertificate(folder, ['one.example.org'], NOW);
    const second = await keptCertificate(folder, hosts, now);
    expect(second.cert).not.toBe(first.cert);
    expect(await keptCertificate(folder, hosts, now)).toEqual(second);
  });

  test.each([
    ['is empty', ''],
    ['is cut off', '{"cert":"-----BEGIN'],
    ['has no key', '{"cert":"x"}'],
  ])('is made again when its file %s', async (_why, text) => {
    writeFileSync(join(folder, 'api-certificate.json'), text);
    const made = await keptCertificate(folder, [], NOW);
    expect(JSON.parse(readFileSync(join(folder, 'api-certificate.json'), 'utf8'))).toEqual(made);
  });
});
