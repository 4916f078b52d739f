import { GantryError, isGantryError } from '@gantry/core';
import type { ClusterApi, LogLine, WatchEvent } from '@gantry/core/api';
import type { ServiceInput } from '@gantry/core/model';
import type { Case, CaseContext } from '../kit.ts';

/** The part of a template for a certain behaviour that differs between runtimes. */
export type TemplateInput = Partial<ServiceInput['spec']['template']>;

/** The API of a running cluster that has the nodes `node-1` and `node-2`, and no user objects. */
export interface ClusterApiSubject {
  readonly api: ClusterApi;
  readonly workloads: {
    /** Runs until it is stopped. */
    readonly runs: TemplateInput;
    /** Prints these lines to standard output and then runs until it is stopped. */
    readonly prints: (lines: readonly string[]) => TemplateInput;
    /** Exits on its own immediately, with code 0. */
    readonly ends: TemplateInput;
    /** Answers each line on its port 80 with the same line; absent if tasks have no ports. */
    readonly echoes?: () => TemplateInput;
  };
  readonly commands: {
    readonly says: (text: string) => readonly string[];
    readonly exits: (code: number) => readonly string[];
    /** Copies its standard input to its standard output. */
    readonly copies: readonly string[];
    /** Present if tasks can run commands as another user and in another directory. */
    readonly execAs?: {
      /** A user other than the tasks' own, as `printsUser` prints it. */
      readonly user: string;
      readonly printsUser: readonly string[];
      /** A directory other than the tasks' own. */
      readonly workingDir: string;
      readonly printsDirectory: readonly string[];
    };
  };
}

export type ClusterApiCase = Case<ClusterApiSubject>;

type SpecInput = Partial<Omit<ServiceInput['spec'], 'template'>>;

/** A service of this name and template; `meta` for labels and namespace. */
export function serviceOf(
  name: string,
  template: TemplateInput,
  spec: SpecInput = {},
  meta: Partial<ServiceInput['meta']> = {},
): ServiceInput & { kind: 'service' } {
  return {
    kind: 'service',
    meta: { name, ...meta },
    spec: {
      template: { drainMs: 0, stopGraceMs: 1000, ...template } as ServiceInput['spec']['template'],
      ...spec,
    },
  };
}

/** Applies a service and waits until all its tasks are ready. */
export async function running(
  { api }: ClusterApiSubject,
  context: CaseContext,
  input: ServiceInput & { kind: 'service' },
): Promise<void> {
  const { name, namespace } = (await api.apply(input)).meta;
  const id = namespace === undefined || namespace === 'default' ? name : `${namespace}/${name}`;
  await context.within(api.wait('service', id, 'Available'), `service ${id} to be available`);
}

/** The id of a running task of a service. */
export async function taskOf({ api }: ClusterApiSubject, service: string): Promise<string> {
  const { items } = await api.list('task', { fields: `spec.service=${service},status.state=running` });
  const [task] = items;
  if (task === undefined) throw new GantryError('NOT_FOUND', `no task of ${service} runs`);
  const { name, namespace } = task.meta;
  return namespace === undefined || namespace === 'default' ? name : `${namespace}/${name}`;
}

/** Events of a watch that is read continuously, as `added web`. */
export interface Watched {
  readonly seen: string[];
  ended: boolean;
  error: unknown;
}

export function follow<T extends { readonly meta: { readonly name: string } }>(
  events: AsyncIterable<readonly WatchEvent<T>[]>,
): Watched {
  const watched: Watched = { seen: [], ended: false, error: undefined };
  const read = async (): Promise<void> => {
    try {
      for await (const batch of events) {
        for (const { type, object } of batch) watched.seen.push(`${type} ${object.meta.name}`);
      }
    } catch (error) {
      watched.error = error;
    }
    watched.ended = true;
  };
  void read();
  return watched;
}

/** Reads log lines continuously. */
export function followLogs(batches: AsyncIterable<readonly LogLine[]>): {
  readonly lines: LogLine[];
  readonly done: Promise<void>;
} {
  const lines: LogLine[] = [];
  const read = async (): Promise<void> => {
    for await (const batch of batches) lines.push(...batch);
  };
  const done = read();
  done.catch(() => undefined); // reported to the caller that waits for the end
  return { lines, done };
}

/** For `rejects`: accepts an error with one of these codes; anything else becomes the cause of an `INTERNAL` error. */
export function is(...codes: readonly GantryError['code'][]): (error: unknown) => boolean {
  return (error) => {
    if (isGantryError(error, ...codes)) return true;
    throw new GantryError('INTERNAL', `expected ${codes.join(' or ')}`, { cause: error });
  };
}
