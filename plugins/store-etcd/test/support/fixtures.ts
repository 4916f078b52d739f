import { SystemClock } from '@gantry/system';
import type { Fixture, StoreSubject } from '@gantry/testing';
import { type EtcdServer, startEtcd } from '../../../../tests/support/etcd-server.ts';
import { TcpLink } from '../../../../tests/support/tcp-link.ts';
import { compact, freshPrefix, startStore } from './etcd.ts';

/** Long enough for a busy machine, short enough for the cases that cut the link. */
const TIMEOUT_MS = 3000;

/**
 * Subjects of the kit on one etcd, each below a prefix of its own and behind links of its own. After a case that has cut
 * the history the next one gets another etcd, since the kit takes a new store for one whose history begins.
 */
export class Fixtures implements AsyncDisposable {
  readonly #members: 1 | 3;
  #server: EtcdServer | undefined;
  #spent = false;

  constructor(members: 1 | 3) {
    this.#members = members;
  }

  async make(): Promise<Fixture<StoreSubject>> {
    if (this.#spent) await this[Symbol.asyncDispose]();
    this.#spent = false;
    this.#server ??= await startEtcd(this.#members);
    return await this.#on(this.#server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = undefined;
  }

  async #on({ urls, daemons }: EtcdServer): Promise<Fixture<StoreSubject>> {
    const made: AsyncDisposable[] = [];
    const links = await Promise.all(urls.map((url) => TcpLink.to(Number(new URL(url).port))));
    const endpoints = links.map(({ port }) => `http://127.0.0.1:${port}`);
    const options = { endpoints, prefix: freshPrefix(), timeoutMs: TIMEOUT_MS };
    const clock = new JumpingClock();
    const second = async () => {
      const store = await startStore(options, { clock });
      made.unshift(store);
      return store;
    };
    const store = await second();
    const subject: StoreSubject = {
      store,
      second,
      restart: async () => {
        await Promise.all(daemons.map((daemon) => daemon.stop()));
        for (const daemon of daemons) daemon.launch();
        await Promise.all(daemons.map((daemon) => daemon.ready()));
        return store;
      },
      forget: async () => {
        this.#spent = true;
        await compact(urls[0] as string);
      },
      link: {
        cut: () => links.forEach((link) => void link.cut()),
        loseAnswers: () => links.forEach((link) => void link.loseAnswers()),
        heal: () => links.forEach((link) => void link.heal()),
      },
      jump: (ms) => clock.jump(ms),
    };
    const close = async (): Promise<void> => {
      for (const one of [...made, ...links]) await one[Symbol.asyncDispose]();
    };
    return { subject, close };
  }
}

/** The machine's time, with a wall clock that can be set. */
class JumpingClock extends SystemClock {
  #byMs = 0;

  override now(): number {
    return super.now() + this.#byMs;
  }

  jump(ms: number): void {
    this.#byMs += ms;
  }
}
