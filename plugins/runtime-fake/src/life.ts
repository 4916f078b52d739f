import { invalidObject, type Random, type TemplateSpec } from '@gantry/core';
import { z } from 'zod';

const milliseconds = z
  .number()
  .min(0)
  .max(7 * 24 * 3_600_000);
const chance = z.number().min(0).max(1);

const stages = {
  /** From `ensure` to running. */
  startDelayMs: milliseconds.default(0),
  /** From the stop signal to the end. */
  stopDelayMs: milliseconds.default(0),
  /** Share by which the delays vary: 0.2 makes 100 ms last 80 to 120. */
  jitter: chance.default(0),
  /** Chance that a start fails. */
  failStart: chance.default(0),
  /** So many starts of a slot fail before one succeeds. */
  failFirst: z.int().min(0).default(0),
  /** Error code of a failed start: permanent, or worth another attempt. */
  failWith: z
    .enum(['INVALID_OBJECT', 'UNSUPPORTED', 'CONFLICT', 'UNAVAILABLE', 'TIMEOUT', 'EXHAUSTED', 'INTERNAL'])
    .default('INVALID_OBJECT'),
  /** Text of that error behind the name of the task, and its `details.reason` and `details.field`. */
  failMessage: z.string().optional(),
  failReason: z.string().optional(),
  failField: z.string().optional(),
  /** Starts fail with `UNAVAILABLE` until this long after the first attempt to start the task. */
  unavailableMs: milliseconds.default(0),
  /** Duration of pulling the image, with progress in four steps. */
  pullMs: milliseconds.default(0),
  /** How the pull ends: `hang` never does. */
  pull: z.enum(['ok', 'hang', 'missing', 'unauthorized', 'platform', 'unreachable']).default('ok'),
  /** Nodes, separated by commas, on which starts and pulls fail and tasks exit by themselves (default: all nodes). */
  badNodes: z.string().optional(),
  /** It ends by itself after so long. With a restart policy that is a crash loop. */
  exitAfterMs: milliseconds.optional(),
  /** What it then exits with. */
  exitCode: z.int().min(0).max(255).default(0),
  /** It then ends by this signal, with exit code 128 + its number. */
  exitSignal: z
    .string()
    .regex(/^SIG[A-Z0-9]+$/, 'expected a signal name such as SIGSEGV')
    .optional(),
  /** It then ends because it exceeded its memory: exit code 137, `oomKilled`. */
  oom: z.boolean().default(false),
  /** Only so many tasks of a slot end by themselves, the next one stays. */
  exitFirst: z.int().min(1).optional(),
  /** It does not end upon the stop signal, only when killed. */
  ignoreStop: z.boolean().default(false),
  /** Commands run in it exit with 1 until so long after its start: a readiness check by `exec` fails. */
  readyAfterMs: milliseconds.default(0),
  /** Commands run in it exit with 1 from so long after its start on. */
  sickAfterMs: milliseconds.optional(),
  /** Commands run in it never end by themselves: an `exec` check times out. */
  execHangs: z.boolean().default(false),
  /** What the image's health check reports from so long after its start; absent: the image has none. */
  healthyAfterMs: milliseconds.optional(),
  unhealthyAfterMs: milliseconds.optional(),
  /** Last output of the image's health check. */
  healthMessage: z.string().optional(),
  /** What it prints at its start, instead of lines that tell its start and its end. */
  print: z.string().optional(),
  /** What it prints right before it ends by itself. */
  printAtEnd: z.string().optional(),
  /** Millicores and bytes it uses, for `stats`. */
  cpu: z.number().min(0).default(0),
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
 * @throws `INVALID_OBJECT` for a label `fake/…` that is none or has no such value.
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

/** Whether a node is one of those on which the life goes wrong. */
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
