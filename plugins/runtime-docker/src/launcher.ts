import { GantryError, throwIfAborted } from '@gantry/core';
import type { EnsureOptions, RuntimeSpec } from '@gantry/core/contracts';
import type { TemplateSpec } from '@gantry/core/model';
import type { ContainerCreateOptions } from 'dockerode';
import { createOptions, endpointOf, knownOf, LABELS, type Owner } from './container.ts';
import type { Engine } from './engine.ts';
import { startError, statusOf } from './failure.ts';
import type { Gate } from './gate.ts';
import type { Images } from './images.ts';

export interface LauncherSetup {
  readonly engine: Engine;
  readonly images: Images;
  readonly owner: Owner;
  readonly network: string;
  readonly starts: Gate;
}

interface Launch {
  readonly spec: RuntimeSpec;
  readonly options: ContainerCreateOptions;
  readonly signal: AbortSignal;
  readonly onProgress: NonNullable<EnsureOptions['onProgress']>;
}

/** Starts the container of a task with as few calls as possible: create, start. */
export class Launcher {
  readonly #setup: LauncherSetup;

  constructor(setup: LauncherSetup) {
    this.#setup = setup;
  }

  /** Pulls the image of a template, if its policy permits that and the engine does not have it. */
  async prepare(
    { template, task }: Pick<RuntimeSpec, 'task' | 'template'>,
    { signal, onProgress }: Pick<Launch, 'signal' | 'onProgress'>,
  ): Promise<void> {
    const { images } = this.#setup;
    const asks = template.pullPolicy === 'always';
    if (!asks && (await images.has(template))) return;
    if (template.pullPolicy === 'never') throw missing(template, task);
    await images.pull(template, signal, onProgress);
  }

  /** Returns the id of the task's container. */
  async launch(
    spec: RuntimeSpec,
    { signal, onProgress }: Pick<Launch, 'signal' | 'onProgress'>,
  ): Promise<string> {
    const { template, task } = spec;
    const { images, starts, owner, network } = this.#setup;
    const launch = { spec, options: createOptions(spec, owner, network), signal, onProgress };
    let pulled = template.pullPolicy === 'always';
    if (pulled) await images.pull(template, signal, onProgress);
    for (;;) {
      throwIfAborted(signal);
      const id = await starts.run(() => this.#start(launch));
      if (id !== undefined) return id;
      // The image is missing: only now a registry is asked, and other starts continue in the meantime.
      if (template.pullPolicy === 'never' || pulled) throw missing(template, task);
      pulled = true;
      await images.pull(template, signal, onProgress);
    }
  }

  /** Creates and starts the container, and returns its id; undefined if the image is missing. */
  async #start({ spec, options, signal, onProgress }: Launch): Promise<string | undefined> {
    const { calls } = this.#setup.engine;
    throwIfAborted(signal);
    let made: { readonly id: string; readonly adopted: boolean };
    try {
      made = await this.#create(spec, options);
    } catch (error) {
      if (statusOf(error) === 404 && /no such image/i.test(String((error as Error).message)))
        return undefined;
      throw startError(error, spec.task);
    }
    const { id, adopted } = made;
    if (adopted) return id;
    try {
      onProgress({ phase: 'creating', message: 'container created' });
      throwIfAborted(signal);
      for (const network of spec.attachment.networks.slice(1)) {
        const EndpointConfig = endpointOf(network);
        await calls.getNetwork(network.engineName).connect({ Container: id, EndpointConfig });
      }
      onProgress({ phase: 'starting', message: 'starting the container' });
      await calls.getContainer(id).start();
      return id;
    } catch (error) {
      await calls
        .getContainer(id)
        .remove({ force: true, v: true })
        .catch(() => undefined);
      throw startError(error, spec.task);
    }
  }

  /** Creates the container, or finds the existing one of the task. */
  async #create(
    spec: RuntimeSpec,
    options: ContainerCreateOptions,
  ): Promise<{ readonly id: string; readonly adopted: boolean }> {
    const { calls } = this.#setup.engine;
    for (let tries = 0; ; tries++) {
      try {
        return { id: (await calls.createContainer(options)).id, adopted: false };
      } catch (error) {
        if (statusOf(error) !== 409 || tries === 2) throw error;
        const id = await this.#adopt(spec, options.name ?? '');
        if (id !== undefined) return { id, adopted: true };
      }
    }
  }

  /**
   * Inspects the container of this name. Returns its id if it is this task; removes what a dead program left half-made.
   */
  async #adopt(spec: RuntimeSpec, name: string): Promise<string | undefined> {
    const { engine, owner } = this.#setup;
    const container = engine.calls.getContainer(name);
    try {
      const info = await container.inspect();
      const { status, node } = knownOf(info);
      const ours = info.Config.Labels[LABELS.cluster] === owner.cluster && status.task === spec.task;
      if (!ours) {
        throw new GantryError('CONFLICT', `docker: container "${name}" does not belong to this cluster`);
      }
      if (node === owner.node && status.state !== 'created') return info.Id;
      await container.remove({ force: true, v: true });
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
    return undefined;
  }
}

function missing({ image, pullPolicy }: TemplateSpec, task: string): GantryError {
  const hint = pullPolicy === 'never' ? ', and its pull policy is never: pull it manually' : '';
  const message = `docker: "${task}": image "${image}" not found on this node${hint}`;
  return new GantryError('INVALID_OBJECT', message, {
    details: { field: 'image', image, reason: 'ImageNotFound' },
  });
}
