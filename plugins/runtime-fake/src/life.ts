import type { Random } from '@gantry/core';
import { invalidObject, type TemplateSpec } from '@gantry/core/model';
import { z } from 'zod';

const milliseconds = z
  .number()
  .min(0)
  .max(7 * 24 * 3_600_000);
const chance = z.number().min(0).max(1);

const stages = {
  /** Time from `ensure` to running. */
  startDelayMs: milliseconds.default(0),
  /** Time from the stop signal to the end. */
  stopDelayMs: milliseconds.default(0),
  /** Share by which the delays vary: 0.2 makes 100 ms last 80 to 120. */
  jitter: chance.default(0),
  /** Probability that a start fails. */
  failStart: chance.default(0),
  /** Number of starts of a slot that fail before one succeeds. */
  failFirst: z.int().min(0).default(0),
  /** Error code of a failed start: permanent, or worth another attempt. */
  failWith: z
    .enum(['INVALID_OBJECT', 'UNSUPPORTED', 'CONFLICT', 'UNAVAILABLE', 'TIMEOUT', 'EXHAUSTED', 'INTERNAL'])
    .default('INVALID_OBJECT'),
  /** Text of that error after the name of the task. */
  failMessage: z.string().optional(),
  /** `details.reason` of the failed start (default: none). */
  failReason: z.string().optional(),
  /** `details.field` of the failed start (default: none). */
  failField: z.string().optional(),
  /** Starts fail with `UNAVAILABLE` until this long after the first attempt to start the task. */
  unavailableMs: milliseconds.default(0),
  /** Duration of pulling the image, with progress in four steps. */
  pullMs: milliseconds.default(0),
  /** How the pull ends: `hang` never does. */
  pull: z.enum(['ok', 'hang', 'missing', 'unauthorized', 'platform', 'unreachable']).default('ok'),
  /** Nodes, separated by commas, on which starts and pulls fail and tasks exit on their own (default: all nodes). */
  badNodes: z.string().optional(),
  /** Time after which the task exits on its own. With a restart policy that is a crash loop. */
  exitAfterMs: milliseconds.optional(),
  /** Exit code of that exit. */
  exitCode: z.int().min(0).max(255).default(0),
  /** Signal that ends it instead, with exit code 128 + the signal's number. */
  exitSignal: z
    .string()
    .regex(/^SIG[A-Z0-9]+$/, 'expected a signal name such as SIGSEGV')
    .optional(),
  /** The task ends because it exceeded its memory: exit code 137, `oomKilled`. */
  oom: z.boolean().default(false),
  /** Number of tasks of a slot that exit on their own; the next one keeps running. */
  exitFirst: z.int().min(1).optional(),
  /** The task ignores the stop signal, and ends only when killed. */
  ignoreStop: z.boolean().default(false),
  /** Time from the start during which commands in the task exit with 1: a readiness check by `exec` fails. */
  readyAfterMs: milliseconds.default(0),
  /** Time from the start after which commands in the task exit with 1. */
  sickAfterMs: milliseconds.optional(),
  /** Commands run in the task never end on their own: an `exec` check times out. */
  execHangs: z.boolean().default(false),
  /** Time from the start after which the image's health check reports healthy (default: the image has no check). */
  healthyAfterMs: milliseconds.optional(),
  /** Time from the start after which the image's health check reports unhealthy (default: never). */
  unhealthyAfterMs: milliseconds.optional(),
  /** Last output of the image's health check. */
  healthMessage: z.string().optional(),
  /** Output at the start, instead of lines that report start and end. */
  print: z.string().optional(),
  /** Output right before the task exits on its own. */
  printAtEnd: z.string().optional(),
  /** CPU that `stats` reports, in millicores. */
  cpu: z.number().min(0).default(0),
  /** Memory that `stats` reports, in bytes. */
  memory: z.number().min(0).default(0),
};

/** The life of every task of a fake runtime, stage by stage; labels of a template override it. */
export const lifeSchema = z.strictObject(stages);

/** A life with every stage decided. */
export type Life = z.output<typeof lifeSchema>;

const PREFIX = 'fake/';
/** Stages whose value is text, even if it looks like a number. */
const TEXTS = [
  'failMessage',
  'failReason',
  'failField',
  'badNodes',
  'exitSignal',
  'healthMessage',
  'print',
  'printAtEnd',
] as const satisfies readonly (keyof Life)[];

/**
 * The life of one template: `base`, overridden by labels such as `fake/exit-after-ms: '250'`.
 *
 * @throws `INVALID_OBJECT` for a label `fake/…` that is unknown or has an invalid value.
 */
export function lifeOf(template: TemplateSpec, base: Life): Life {
  let staged: Record<string, unknown> | undefined;
  for (const label in template.labels) {
    if (!label.startsWith(PREFIX)) continue;
    staged ??= { ...base };
    staged[camelCase(label.slice(PREFIX.length))] = valueIn(template.labels[label] as string);
  }
  if (staged === undefined) return base;
  for (const stage of TEXTS) {
    const text = template.labels[PREFIX + kebabCase(stage)];
    if (text !== undefined) staged[stage] = text;
  }
  const result = lifeSchema.safeParse(staged);
  if (result.success) return result.data;
  const issues = result.error.issues.map(({ path, message }) => ({
    path: ['template.labels', ...path.map((key) => PREFIX + kebabCase(String(key)))].join('.'),
    message,
  }));
  throw invalidObject('runtime-fake: the life in the labels', issues);
}

/** A delay, varied by the jitter of the life. */
export function varied(ms: number, life: Life, random: Random): number {
  if (ms === 0 || life.jitter === 0) return ms;
  return ms * (1 + life.jitter * (2 * random.next() - 1));
}

/** Whether a node is one on which the staged failures happen. */
export function isBadNode(node: string, { badNodes }: Life): boolean {
  return (
    badNodes === undefined ||
    badNodes
      .split(',')
      .map((name) => name.trim())
      .includes(node)
  );
}

function camelCase(text: string): string {
  return text.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function kebabCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function valueIn(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  const number = Number(text);
  return text.trim() === '' || Number.isNaN(number) ? text : number;
}
