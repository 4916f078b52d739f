import type { Readable } from 'node:stream';
import { type Clock, unlessAborted } from '@gantry/core';
import type { EnsureOptions } from '@gantry/core/contracts';
import type { TemplateSpec } from '@gantry/core/model';
import { closeQuietly, type Engine } from './engine.ts';
import { engineError, pullError, statusOf } from './failure.ts';
import { type PullLine, PullProgress } from './pull-progress.ts';

/** Minimum interval between progress reports, in ms. */
const PROGRESS_MS = 250;

type Listener = NonNullable<EnsureOptions['onProgress']>;

interface Pull {
  readonly done: Promise<void>;
  readonly progress: PullProgress;
  readonly listeners: Set<Listener>;
  readonly cancel: AbortController;
  waiting: number;
}

/**
 * Pulls images. All tasks that wait for an image share one pull, which is cancelled when none of them waits any longer.
 * Credentials go to the registry only.
 */
export class Images {
  readonly #engine: Engine;
  readonly #clock: Clock;
  readonly #pulls = new Map<string, Pull>();

  constructor(engine: Engine, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Whether the engine has the image. */
  async has({ image = '' }: TemplateSpec): Promise<boolean> {
    try {
      await this.#engine.calls.getImage(tagged(image)).inspect();
      return true;
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw engineError(error, `looking for image "${image}"`);
    }
  }

  async pull(template: TemplateSpec, signal: AbortSignal, onProgress: Listener): Promise<void> {
    const image = tagged(template.image ?? '');
    const key = JSON.stringify([image, template.registryAuth]);
    const pull = this.#pulls.get(key) ?? this.#begin(key, image, template.registryAuth);
    pull.waiting++;
    pull.listeners.add(onProgress);
    onProgress(pull.progress.progress);
    try {
      await unlessAborted(pull.done, signal);
    } finally {
      pull.listeners.delete(onProgress);
      pull.waiting--;
      if (pull.waiting === 0) pull.cancel.abort();
    }
  }

  #begin(key: string, image: string, auth: TemplateSpec['registryAuth']): Pull {
    const cancel = new AbortController();
    const progress = new PullProgress(image);
    const listeners = new Set<Listener>();
    const done = this.#pull({ image, auth, progress, listeners, signal: cancel.signal }).finally(() => {
      if (this.#pulls.get(key) === pull) this.#pulls.delete(key);
    });
    done.catch(() => undefined);
    const pull: Pull = { done, progress, listeners, cancel, waiting: 0 };
    cancel.signal.addEventListener('abort', () => {
      if (this.#pulls.get(key) === pull) this.#pulls.delete(key);
    });
    this.#pulls.set(key, pull);
    return pull;
  }

  async #pull({
    image,
    auth,
    progress,
    listeners,
    signal,
  }: Pick<Pull, 'progress' | 'listeners'> & {
    readonly image: string;
    readonly auth: TemplateSpec['registryAuth'];
    readonly signal: AbortSignal;
  }): Promise<void> {
    const registry = registryOf(image);
    const { streams } = this.#engine;
    const authconfig = auth === undefined ? {} : { authconfig: { ...auth, serveraddress: registry } };
    try {
      const lines = (await streams.pull(image, { ...authconfig, abortSignal: signal })) as Readable;
      let pending: (() => void) | undefined;
      const report = (): void => {
        pending = undefined;
        for (const listener of listeners) listener(progress.progress);
      };
      const onLine = (line: PullLine): void => {
        progress.add(line);
        pending ??= this.#clock.after(PROGRESS_MS, report);
      };
      const stop = (): void => {
        pending?.();
        closeQuietly(lines);
      };
      signal.addEventListener('abort', stop, { once: true });
      await new Promise<void>((resolve, reject) => {
        const finished = (error: unknown, all: readonly PullLine[]): void => {
          stop();
          const problem = all?.find((line) => line.error !== undefined)?.error;
          if (error) reject(error);
          else if (problem !== undefined) reject(new Error(problem));
          else resolve();
        };
        streams.modem.followProgress(lines, finished, onLine);
      });
    } catch (error) {
      throw pullError(error, image, registry);
    }
  }
}

/** Adds the default tag: without a tag the engine would pull all of them. */
export function tagged(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  return name.includes(':') || name.includes('@') ? image : `${image}:latest`;
}

export function registryOf(image: string): string {
  const [first = '', rest] = image.split('/', 2);
  const isHost = rest !== undefined && (/[.:]/.test(first) || first === 'localhost');
  return isHost ? first : 'https://index.docker.io/v1/';
}
