import type { ServiceInput } from '@gantry/core/model';
import type { Bed } from './bed.ts';

export const RUNTIMES = ['fake', 'process', 'docker'] as const;
export type RuntimeName = (typeof RUNTIMES)[number];
export const WHEN = ['deploy', 'update'] as const;
export type When = (typeof WHEN)[number];

export type SpecPart = Omit<ServiceInput['spec'], 'template'>;
export type TemplatePart = Partial<ServiceInput['spec']['template']>;

/** How a failure is brought about on one runtime, on top of what the row says. */
export interface Cause {
  readonly template?: TemplatePart;
  readonly spec?: SpecPart;
  /** The version that an update replaces, where that has to be a special one. */
  readonly before?: TemplatePart;
  /** What else has to be there: another service, a listener, a taint. Undone when the test is over. */
  readonly prepare?: (bed: Bed, service: string) => Promise<AsyncDisposable | undefined>;
}

/** What a user gets to see. */
export interface Expected {
  /** Exit code of `gantry apply --wait`. */
  readonly exit: number;
  /** Reason of the service's progress, as `describe` shows it; absent: the service was not stored. */
  readonly reason: string | undefined;
  /** Reason of the task that shows the cause, as `describe` shows it; absent: there is none. */
  readonly task?: string;
  /** In what the command prints at its end. */
  readonly message: RegExp;
  /** An event of the service or of one of its tasks. */
  readonly event?: string;
  /** Ready tasks at the end: how many of the previous version, and of the new one. */
  readonly serving: { readonly old?: number; readonly new?: number };
}

/** One way in which a workload can fail, on each runtime where it can. */
export interface Row {
  readonly name: string;
  /** Number of nodes of a cluster that it has to itself; absent: it shares one of three nodes with other rows. */
  readonly alone?: number;
  readonly on: Partial<Record<RuntimeName, Cause | ((when: When) => Cause)>>;
  /** Whether the wait ends at the progress deadline. */
  readonly overdue?: boolean;
  /** For all runtimes. */
  readonly spec?: SpecPart;
  readonly deploy?: Expected;
  readonly update?: Expected;
  /** What differs on one runtime. */
  readonly differs?: Partial<Record<RuntimeName, Partial<Record<When, Partial<Expected>>>>>;
}

/** The label of a template that stages its life on the fake runtime. */
export function life(stages: Readonly<Record<string, string>>): TemplatePart {
  return {
    labels: Object.fromEntries(Object.entries(stages).map(([stage, value]) => [`fake/${stage}`, value])),
  };
}

/** A command of a process, and of a container of the test image. */
export function shell(script: string, more: TemplatePart = {}): TemplatePart {
  return { ...more, command: ['sh', '-c', script] };
}

/** What a row expects of one runtime, first or in an update. */
export function expectedOf(row: Row, runtime: RuntimeName, when: When): Expected | undefined {
  if (row.on[runtime] === undefined) return undefined;
  const { deploy, update, differs } = row;
  const usual = when === 'deploy' ? deploy : update;
  const differing = differs?.[runtime]?.[when];
  return usual === undefined ? undefined : { ...usual, ...differing };
}

/** What brings a failure about on one runtime. */
export function causeOf({ on }: Row, runtime: RuntimeName, when: When): Cause {
  const cause = on[runtime] ?? {};
  return typeof cause === 'function' ? cause(when) : cause;
}
