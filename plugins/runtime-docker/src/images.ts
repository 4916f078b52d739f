import type { Readable } from 'node:stream';
import { GantryError, type TemplateSpec } from '@gantry/core';
import { closeQuietly, type Engine, engineError, statusOf } from './engine.ts';

/** Pulls images, each once at a time however many ask. Credentials go to the registry only. */
export class Images {
  readonly #engine: Engine;
  readonly #pulls = new Map<string, Promise<void>>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async pull(template: TemplateSpec): Promise<void> {
    const image = tagged(template.image ?? '');
    const key = JSON.stringify([image, template.registryAuth]);
    let pull = this.#pulls.get(key);
    if (pull === undefined) {
      pull = this.#pull(image, template.registryAuth).finally(() => this.#pulls.delete(key));
      this.#pulls.set(key, pull);
    }
    await pull;
  }

  async #pull(image: string, auth: TemplateSpec['registryAuth']): Promise<void> {
    const registry = registryOf(image);
    const authconfig = auth === undefined ? undefined : { ...auth, serveraddress: registry };
    try {
      const progress = await this.#engine.streams.pull(image, authconfig === undefined ? {} : { authconfig });
      await new Promise<void>((resolve, reject) => {
        this.#engine.streams.modem.followProgress(
          progress,
          (error: unknown, lines: readonly { error?: string }[]) => {
            closeQuietly(progress as Readable);
            const told = lines?.find((line) => line.error !== undefined)?.error;
            if (error) reject(error);
            else if (told !== undefined) reject(new Error(told));
            else resolve();
          },
        );
      });
    } catch (error) {
      throw pullError(error, image);
    }
  }
}

/** Without a tag the engine would fetch all there are. */
export function tagged(image: string): string {
  const name = image.slice(image.lastIndexOf('/') + 1);
  return name.includes(':') || name.includes('@') ? image : `${image}:latest`;
}

function registryOf(image: string): string {
  const [first = '', rest] = image.split('/', 2);
  const isHost = rest !== undefined && (/[.:]/.test(first) || first === 'localhost');
  return isHost ? first : 'https://index.docker.io/v1/';
}

function pullError(error: unknown, image: string): GantryError {
  const message = error instanceof Error ? error.message : String(error);
  const status = statusOf(error);
  const text = `docker: cannot pull "${image}": ${message.trim()}`;
  if (status === 404 || /not found|denied|unauthorized|manifest unknown|invalid reference/i.test(message)) {
    return new GantryError('INVALID_OBJECT', text, { cause: error });
  }
  const known = engineError(error, `pull of "${image}"`);
  // The registry, or the way to it, is away.
  return known.code === 'INTERNAL' ? new GantryError('UNAVAILABLE', text, { cause: error }) : known;
}
