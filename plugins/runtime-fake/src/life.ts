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
  /** What a failed start is refused with: for good, or worth another try. */
  failWith: z.enum(['INVALID_OBJECT', 'UNAVAILABLE']).default('INVALID_OBJECT'),
  /** It ends by itself after so long. With a restart policy that is a crash loop. */
  exitAfterMs: milliseconds.optional(),
  /** What it then exits with. */
  exitCode: z.int().min(0).max(255).default(0),
  /** Only so many tasks of a slot end by themselves, the next one stays. */
  exitFirst: z.int().min(1).optional(),
  /** It does not end upon the stop signal, only when killed. */
  ignoreStop: z.boolean().default(false),
  /** Commands run in it exit with 1 until so long after its start: a readiness check by `exec` fails. */
  readyAfterMs: milliseconds.default(0),
  /** Commands run in it exit with 1 from so long after its start on. */
  sickAfterMs: milliseconds.optional(),
  /** What it prints at its start, instead of lines that tell its start and its end. */
  print: z.string().optional(),
  /** Millicores and bytes it uses, for `stats`. */
  cpu: z.number().min(0).default(0),
  memory: z.number().min(0).default(0),
};

/** The life of every task of a fake runtime, stage by stage; labels of a template override it. */
export const lifeSchema = z.strictObject(stages);

/** A life with every stage decided. */
export type Life = z.output<typeof lifeSchema>;

const PREFIX = 'fake/';

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
  if (staged.print !== undefined) staged.print = String(template.labels[`${PREFIX}print`] ?? base.print);
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
