import { randomBytes } from 'node:crypto';
import { SystemClock, SystemRandom } from '@gantry/system';
import { type Fixture, type StoreSubject, silentLogger } from '@gantry/testing';
import type { Daemon } from '../../../../tests/support/daemon.ts';
import { startNats, startNatsCluster } from '../../../../tests/support/nats-server.ts';
import { TcpLink } from '../../../../tests/support/tcp-link.ts';
import { NatsStore } from '../../src/index.ts';
import type { NatsStoreOptions } from '../../src/options.ts';

/** Long enough for a busy machine, short enough for the cases that cut the link. */
const TIMEOUT_MS = 3000;
/** So many events are kept, so that a case can have them forgotten. */
const EVENTS = 5000;

interface Servers extends AsyncDisposable {
  readonly urls: readonly string[];
  readonly daemons: readonly Daemon[];
}

/** Subjects of the kit on one NATS server, or on three, each with a bucket of its own. */
export class Fixtures implements AsyncDisposable {
  readonly #members: 1 | 3;
  #servers: Promise<Servers> | undefined;

  constructor(members: 1 | 3) {
    this.#members = members;
  }

  async make(): Promise<Fixture<StoreSubject>> {
    this.#servers ??= this.#members === 1 ? startOne() : startNatsCluster();
    const { urls, daemons } = await this.#servers;
    // Servers of a cluster tell clients about each other; but until a client gives up the way it has, that can be cut.
    const links = await Promise.all(urls.map((url) => TcpLink.to(Number(new URL(url).port))));
    const servers = links.map(({ port }) => `nats://127.0.0.1:${port}`);
    const clock = new JumpingClock();
    const bucket = `kit-${randomBytes(8).toString('hex')}`;
    const replicas = { replicas: this.#members, unsafeReplicas: this.#members > 1 };
    const options = { servers, bucket, ...replicas, events: EVENTS, timeoutMs: TIMEOUT_MS };
    const made: NatsStore[] = [];
    const second = async (): Promise<NatsStore> => {
      const store = await startStore(options, clock);
      made.push(store);
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
        const changes = Array.from({ length: EVENTS + 1 }, (_, index) => ({
          key: `filler/${index}`,
          value: index,
        }));
        await store.commit(changes);
        await store.get('filler/0'); // which waits until they have all arrived, and pushed out what was before
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

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#servers)?.[Symbol.asyncDispose]();
  }
}

export async function startStore(options: NatsStoreOptions, clock = new SystemClock()): Promise<NatsStore> {
  const store = new NatsStore({ clock, random: new SystemRandom(), logger: silentLogger }, options);
  try {
    await store.start(AbortSignal.timeout(20_000));
    return store;
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

async function startOne(): Promise<Servers> {
  const server = await startNats();
  const end = (): PromiseLike<void> => server[Symbol.asyncDispose]();
  return { urls: [server.url], daemons: [server.daemon], [Symbol.asyncDispose]: end };
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
