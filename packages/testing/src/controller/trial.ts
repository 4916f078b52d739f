import { contracts, isGantryError, type Lifecycle, type Plugin, type Store } from '@gantry/core';
import type { ClusterApi } from '@gantry/core/api';
import { type AnyObject, idOf } from '@gantry/core/model';
import type { CaseContext } from '../kit.ts';
import type { ControllerSubject, TestedCluster } from './subject.ts';
import type { Tap } from './tap.ts';

/** A cluster with the controller in it, for the duration of one case. */
export interface Trial {
  readonly tap: Tap;
  readonly cluster: TestedCluster;
  readonly api: ClusterApi;
}

/** Runs a cluster whose controller is tapped, and closes it whatever happens. */
export async function during<T>(
  subject: ControllerSubject,
  context: CaseContext,
  tap: Tap,
  run: (trial: Trial) => Promise<T>,
  plugins: readonly Plugin[] = subject.plugins(),
): Promise<T> {
  const tapped = tap.into(plugins, subject.plugin);
  const cluster = await context.within(subject.create(tapped), 'the cluster to start');
  try {
    return await run({ tap, cluster, api: cluster.api });
  } finally {
    await context.within(cluster[Symbol.asyncDispose](), 'the cluster to close');
  }
}

/** Applies the inputs, and waits until the work is done. */
export async function work(subject: ControllerSubject, context: CaseContext, { api }: Trial): Promise<void> {
  await context.within(api.applyAll(subject.inputs), 'the inputs to be applied');
  await finish(subject, context, api);
}

export async function finish(
  subject: ControllerSubject,
  context: CaseContext,
  api: ClusterApi,
): Promise<void> {
  await context.until(() => unless(subject.done(api)), 'the controller to finish its work');
}

/** The answer, or false while an object that it needs does not exist. */
export async function unless(answer: Promise<boolean>): Promise<boolean> {
  try {
    return await answer;
  } catch (error) {
    if (isGantryError(error, 'NOT_FOUND')) return false;
    throw error;
  }
}

/** Keys of every object that the controller watches. */
export function keysOf(trial: Trial): readonly string[] {
  const { controller } = trial.tap;
  if (controller === undefined) return [];
  const views = trial.cluster.get(contracts.views);
  const keys = controller.watches.flatMap((kind) =>
    [...views.of(kind).all()].flatMap((entry) =>
      controller.keysFor({
        kind,
        name: idOf((entry.value as AnyObject).meta),
        before: undefined,
        after: entry,
      }),
    ),
  );
  return [...new Set(keys)].sort();
}

/** The plugins, with a store that outlives the clusters using it. */
export class Kept implements AsyncDisposable {
  readonly #subject: ControllerSubject;
  #store: (Store & Lifecycle) | undefined;
  #started: Promise<void> | undefined;

  constructor(subject: ControllerSubject) {
    this.#subject = subject;
  }

  plugins(): readonly Plugin[] {
    return this.#subject.plugins().map((plugin) => {
      if (plugin.provides.key !== contracts.store.key) return plugin;
      const create = (needs: Readonly<Record<string, unknown>>): unknown => {
        this.#store ??= plugin.create(needs) as Store & Lifecycle;
        return this.#shared(this.#store);
      };
      return Object.freeze({ ...plugin, create });
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store?.[Symbol.asyncDispose]?.();
  }

  #shared(store: Store & Lifecycle): Store & Lifecycle {
    return {
      supports: store.supports,
      get: (...given) => store.get(...given),
      list: (...given) => store.list(...given),
      watch: (...given) => store.watch(...given),
      commit: (...given) => store.commit(...given),
      start: async (signal) => {
        this.#started ??= store.start?.(signal) ?? Promise.resolve();
        await this.#started;
      },
    };
  }
}
