import { GantryError, type RuntimeSpec, throwIfAborted, unlessAborted } from '@gantry/core';
import type { ContainerCreateOptions } from 'dockerode';
import { createOptions, endpointOf, knownOf, LABELS, type Owner } from './container.ts';
import { type Engine, engineError, statusOf } from './engine.ts';
import type { Gate } from './gate.ts';
import type { Images } from './images.ts';

export interface LauncherSetup {
  readonly engine: Engine;
  readonly images: Images;
  readonly owner: Owner;
  readonly network: string;
  readonly starts: Gate;
}

/** Gets a container to run, with as few calls as can be: create, start. */
export class Launcher {
  readonly #setup: LauncherSetup;

  constructor(setup: LauncherSetup) {
    this.#setup = setup;
  }

  async launch(spec: RuntimeSpec, signal: AbortSignal): Promise<void> {
    const { template } = spec;
    const { images, starts, owner, network } = this.#setup;
    const options = createOptions(spec, owner, network);
    let pulled = template.pullPolicy === 'always';
    if (pulled) await unlessAborted(images.pull(template), signal);
    for (;;) {
      throwIfAborted(signal);
      if (await starts.run(() => this.#start(spec, options, signal))) return;
      // The image is not there: only now a registry is asked, and other starts go on meanwhile.
      if (template.pullPolicy === 'never' || pulled) {
        const hint = template.pullPolicy === 'never' ? ', and its pull policy is never: pull it by hand' : '';
        const message = `docker: "${spec.task}": the image "${template.image}" is not there${hint}`;
        throw new GantryError('INVALID_OBJECT', message, { details: { image: template.image } });
      }
      pulled = true;
      await unlessAborted(images.pull(template), signal);
    }
  }

  /** Says false when the image is missing. */
  async #start(spec: RuntimeSpec, options: ContainerCreateOptions, signal: AbortSignal): Promise<boolean> {
    const { calls } = this.#setup.engine;
    throwIfAborted(signal);
    let id: string | undefined;
    try {
      id = await this.#create(spec, options);
    } catch (error) {
      if (statusOf(error) === 404 && /no such image/i.test(String((error as Error).message))) return false;
      throw engineError(error, `create of "${spec.task}"`);
    }
    if (id === undefined) return true;
    try {
      throwIfAborted(signal);
      for (const network of spec.attachment.networks.slice(1)) {
        const EndpointConfig = endpointOf(network);
        await calls.getNetwork(network.engineName).connect({ Container: id, EndpointConfig });
      }
      await calls.getContainer(id).start();
      return true;
    } catch (error) {
      await calls
        .getContainer(id)
        .remove({ force: true, v: true })
        .catch(() => undefined);
      throw engineError(error, `start of "${spec.task}"`);
    }
  }

  /** The id of the new container; none when the task has one that is to stay. */
  async #create(spec: RuntimeSpec, options: ContainerCreateOptions): Promise<string | undefined> {
    const { calls } = this.#setup.engine;
    for (let tries = 0; ; tries++) {
      try {
        return (await calls.createContainer(options)).id;
      } catch (error) {
        if (statusOf(error) !== 409 || tries === 2) throw error;
        if (await this.#adopts(spec, options.name ?? '')) return undefined;
      }
    }
  }

  /** Looks at who has our name: true if it is this task; what a dead program left half-made is removed. */
  async #adopts(spec: RuntimeSpec, name: string): Promise<boolean> {
    const { engine, owner } = this.#setup;
    const container = engine.calls.getContainer(name);
    try {
      const info = await container.inspect();
      const { status, node } = knownOf(info);
      const ours = info.Config.Labels[LABELS.cluster] === owner.cluster && status.task === spec.task;
      if (!ours) {
        throw new GantryError('CONFLICT', `docker: "${name}" is a container that is not of this cluster`);
      }
      if (node === owner.node && status.state !== 'created') return true;
      await container.remove({ force: true, v: true });
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
    return false;
  }
}
