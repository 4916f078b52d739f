import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon } from '../../../../tests/support/daemon.ts';
import { freePorts } from '../../../../tests/support/ports.ts';
import type { Certificate } from './certificates.ts';

/** An etcd that speaks TLS on one port, and plain HTTP on another, over which a test sets it up. */
export class SecureEtcd implements AsyncDisposable {
  readonly port: number;
  readonly url: string;
  readonly plainUrl: string;
  readonly daemon: Daemon;
  readonly #folder: string;

  private constructor(ports: readonly number[], folder: string, args: readonly string[]) {
    const [port, plain, peer] = ports as [number, number, number];
    this.port = port;
    this.url = `https://127.0.0.1:${port}`;
    this.plainUrl = `http://127.0.0.1:${plain}`;
    this.#folder = folder;
    const urls = `${this.url},${this.plainUrl}`;
    const peerUrl = `http://127.0.0.1:${peer}`;
    const own = ['--data-dir', folder, '--log-level', 'error', '--initial-cluster', `default=${peerUrl}`];
    own.push('--listen-client-urls', urls, '--advertise-client-urls', urls);
    own.push('--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl);
    const ready = async (): Promise<boolean> => (await fetch(`${this.plainUrl}/health`)).ok;
    this.daemon = new Daemon({ program: 'etcd', args: [...own, ...args], ready });
  }

  static async start({ cert, key }: Certificate, args: readonly string[] = []): Promise<SecureEtcd> {
    const folder = await mkdtemp(join(tmpdir(), 'gantry-etcd-'));
    const tls = ['--cert-file', cert, '--key-file', key];
    const etcd = new SecureEtcd(await freePorts(3), folder, [...tls, ...args]);
    await etcd.daemon.start();
    return etcd;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
