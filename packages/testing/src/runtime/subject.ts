import { GantryError, isGantryError, type Lifecycle, type Runtime } from '@gantry/core';
import type { RuntimeLogLine, RuntimeLogOptions, RuntimeSpec, RuntimeTask } from '@gantry/core/contracts';
import type { TemplateSpec } from '@gantry/core/model';
import type { Case, CaseContext } from '../kit.ts';

/** The part of a template for a certain behaviour that differs between runtimes. */
export type Workload = Partial<TemplateSpec>;

/** A started runtime without tasks. Its clean-up removes whatever a case leaves. */
export interface RuntimeSubject {
  readonly runtime: Runtime & Lifecycle;
  /** Closes the current instance and returns a new one over the same machine. */
  readonly restart: () => Promise<Runtime & Lifecycle>;
  readonly workloads: {
    /** Runs until it is stopped; ends at the signals TERM and USR1. */
    readonly sleeps: Workload;
    /** Exits on its own with this code, after at least `afterMs`. */
    readonly exits: (code: number, afterMs: number) => Workload;
    /** Prints these lines to standard output and then sleeps. */
    readonly prints: (lines: readonly string[]) => Workload;
    /** Keeps running after the stop signal; prints a line once it ignores it, since a signal must be trapped first. */
    readonly ignoresStop: Workload;
    /** Can never start. */
    readonly hopeless: Workload;
  };
  /** Commands for `exec`; required if it is supported. */
  readonly commands?: {
    /** Writes this text to its standard output. */
    readonly says: (text: string) => readonly string[];
    readonly exits: (code: number) => readonly string[];
    /** Copies its standard input to its standard output. */
    readonly copies: readonly string[];
    /** Runs until it is terminated, with a child that does so too; prints a line once both run. */
    readonly hangs: readonly string[];
    /** Exits with 0 while a process of `hangs` runs in the task, and otherwise with another code. */
    readonly findsHanging: readonly string[];
    /** Required if `supports.execUser` or `supports.execWorkingDir`. */
    readonly execAs?: {
      /** A user other than that of `sleeps`, as `printsUser` prints it. */
      readonly user: string;
      readonly missingUser: string;
      readonly printsUser: readonly string[];
      /** An absolute path of a directory other than that of `sleeps`. `/missing` must not exist. */
      readonly directory: string;
      readonly printsDirectory: readonly string[];
    };
  };
}

export type RuntimeCase = Case<RuntimeSubject>;

const PLAIN: TemplateSpec = {
  command: [],
  args: [],
  env: {},
  labels: {},
  pullPolicy: 'never',
  resources: { requests: {}, limits: {} },
  ports: [],
  networks: [],
  mounts: [],
  init: false,
  stopGraceMs: 10_000,
  drainMs: 0,
  healthChecks: { image: true },
};

export function specOf(task: string, workload: Workload): RuntimeSpec {
  const attachment = { networks: [], ports: [], publish: [], env: {} };
  return { task, service: 'kit', slot: '1', template: { ...PLAIN, ...workload }, attachment };
}

/** Ensures a task within the kit's timeout. */
export async function ensure(
  runtime: Runtime,
  context: CaseContext,
  task: string,
  workload: Workload,
): Promise<RuntimeTask> {
  return await context.within(runtime.ensure(specOf(task, workload)), `"${task}" to start`);
}

export async function stop(
  runtime: Runtime,
  context: CaseContext,
  task: string,
  graceMs = 60_000,
): Promise<void> {
  await context.within(runtime.stop(task, { graceMs }), `"${task}" to stop`);
}

export async function find(
  runtime: Runtime,
  context: CaseContext,
  task: string,
): Promise<RuntimeTask | undefined> {
  const all = await context.within(runtime.list(), 'the list');
  return all.find((one) => one.task === task);
}

/**
 * Ensures a task that ignores the stop signal; resolves, once it does, to the time (ms) since when, according to its
 * logs.
 */
export async function ensureDeaf(
  { runtime, workloads }: RuntimeSubject,
  context: CaseContext,
  task: string,
): Promise<number> {
  const { startedAt = 0 } = await ensure(runtime, context, task, workloads.ignoresStop);
  if (!runtime.supports.logs) return startedAt;
  await written(runtime, context, task, 1);
  return (await readLogs(runtime, context, task))[0]?.time ?? startedAt;
}

/** Waits until the list reports that a task has ended. */
export async function ended(runtime: Runtime, context: CaseContext, task: string): Promise<RuntimeTask> {
  return await context.until(async () => {
    const status = (await runtime.list()).find((one) => one.task === task);
    return status?.state === 'exited' && status;
  }, `"${task}" to end`);
}

/** Events that are read continuously. */
export interface Followed {
  readonly events: RuntimeTask[];
  ended: boolean;
  error: unknown;
}

export function follow(runtime: Runtime, signal: AbortSignal): Followed {
  const followed: Followed = { events: [], ended: false, error: undefined };
  const batches = runtime.events(signal);
  const read = async (): Promise<void> => {
    try {
      for await (const batch of batches) followed.events.push(...batch);
    } catch (error) {
      followed.error = error;
    }
    followed.ended = true;
  };
  void read();
  return followed;
}

/** Waits until an event reports this about a task; fails if the events end first. */
export async function told(
  followed: Followed,
  context: CaseContext,
  task: string,
  state: RuntimeTask['state'],
): Promise<RuntimeTask> {
  return await context.until(() => {
    const event = followed.events.find((one) => one.task === task && one.state === state);
    if (event !== undefined || !followed.ended) return event;
    throw followed.error ?? new GantryError('INTERNAL', 'the events ended unexpectedly');
  }, `an event that "${task}" is ${state}`);
}

export async function readLogs(
  runtime: Runtime,
  context: CaseContext,
  task: string,
  options: RuntimeLogOptions = {},
): Promise<readonly RuntimeLogLine[]> {
  const lines: RuntimeLogLine[] = [];
  const read = async (): Promise<void> => {
    for await (const batch of runtime.logs?.(task, options) ?? []) lines.push(...batch);
  };
  await context.within(read(), `the logs of "${task}" to end`);
  return lines;
}

/** Waits until the task has written `count` lines. */
export async function written(
  runtime: Runtime,
  context: CaseContext,
  task: string,
  count: number,
): Promise<void> {
  await context.until(
    async () => (await readLogs(runtime, context, task)).length >= count,
    `${count} lines of "${task}"`,
  );
}

export function is(...codes: readonly GantryError['code'][]): (error: unknown) => boolean {
  return (error) => {
    if (isGantryError(error, ...codes)) return true;
    throw new GantryError('INTERNAL', `expected ${codes.join(' or ')}`, { cause: error });
  };
}
