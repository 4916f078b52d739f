import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Paths of a certificate and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** An authority of its own, in a folder of its own, that signs what a test needs. */
export class Authority implements AsyncDisposable {
  readonly cert: string;
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
    this.cert = join(folder, 'ca.pem');
  }

  static async make(): Promise<Authority> {
    const authority = new Authority(await mkdtemp(join(tmpdir(), 'gantry-ca-')));
    await authority.#openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=test authority',
      '-keyout',
      'ca-key.pem',
      '-out',
      'ca.pem',
    );
    return authority;
  }

  /** A certificate for a name; the server's is good for its host names too. */
  async sign(commonName: string, hosts: readonly string[] = []): Promise<Certificate> {
    const file = (suffix: string): string => `${commonName}${suffix}`;
    const names = hosts.length === 0 ? '' : `subjectAltName=${hosts.join(',')}\n`;
    await writeFile(join(this.#folder, file('.ext')), `${names}extendedKeyUsage=serverAuth,clientAuth\n`);
    await this.#openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      `/CN=${commonName}`,
      '-keyout',
      file('-key.pem'),
      '-out',
      file('.csr'),
    );
    await this.#openssl(
      'x509',
      '-req',
      '-in',
      file('.csr'),
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca-key.pem',
      '-CAcreateserial',
      '-days',
      '2',
      '-extfile',
      file('.ext'),
      '-out',
      file('.pem'),
    );
    return { cert: join(this.#folder, file('.pem')), key: join(this.#folder, file('-key.pem')) };
  }

  /** A pair of keys that signs tokens. */
  async signingKeys(): Promise<{ readonly publicKey: string; readonly privateKey: string }> {
    await this.#openssl('genrsa', '-out', 'sign.pem', '2048');
    await this.#openssl('rsa', '-in', 'sign.pem', '-pubout', '-out', 'sign.pub');
    return { publicKey: join(this.#folder, 'sign.pub'), privateKey: join(this.#folder, 'sign.pem') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #openssl(...args: string[]): Promise<void> {
    await run('openssl', args, { cwd: this.#folder });
  }
}
