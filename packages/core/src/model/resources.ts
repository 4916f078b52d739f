import { z } from 'zod';

/**
 * Amounts by resource: `cpu` in millicores, `memory` in bytes, and counts of any further resource a node has, such as
 * `gpu`. Integers, never negative.
 */
export type Resources = Readonly<Record<string, number>>;

/** Requests and limits of a task. */
export interface ResourceRequirements {
  /** Reserved for the task: the scheduler never reserves more than a node has. */
  readonly requests: Resources;
  /** Enforced by the runtime: millicores, bytes, and a number of processes and threads. */
  readonly limits: {
    /** Maximum CPU time, in millicores (default: unlimited). */
    readonly cpu?: number | undefined;
    /** Maximum memory, in bytes; a task that exceeds it is killed (default: unlimited). */
    readonly memory?: number | undefined;
    /** Maximum number of processes and threads (default: unlimited). */
    readonly pids?: number | undefined;
  };
}

const MAX_CPU = 1_000_000; // a thousand cores
const MAX_MEMORY = 2 ** 50; // a pebibyte
const MAX_COUNT = 1_000_000;
const MAX_PIDS = 4_194_304; // the kernel's own bound

const UNITS: Readonly<Record<string, number>> = Object.freeze({
  '': 1,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
});

/** `250` or `'250m'` (millicores), `'0.25'` or `'2'` as text (cores) → millicores; undefined if it is none of these. */
export function parseCpu(value: number | string): number | undefined {
  if (typeof value === 'number') return value;
  const match = /^(\d+(?:\.\d+)?)(m?)$/.exec(value);
  if (match === null) return undefined;
  return match[2] === 'm' ? Number(match[1]) : Math.round(Number(match[1]) * 1000);
}

/** `67108864`, `'64Mi'`, `'64M'` → bytes (units of Kubernetes quantities); undefined if it is none of these. */
export function parseMemory(value: number | string): number | undefined {
  if (typeof value === 'number') return value;
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(value);
  if (match === null || !Object.hasOwn(UNITS, match[2] as string)) return undefined;
  return Math.round(Number(match[1]) * (UNITS[match[2] as string] as number));
}

interface Reading {
  readonly parse: (value: number | string) => number | undefined;
  readonly max: number;
  readonly help: string;
}

const CPU: Reading = Object.freeze({
  parse: parseCpu,
  max: MAX_CPU,
  help: "expected whole millicores (250 or '250m') or cores as text ('0.25')",
});
const MEMORY: Reading = Object.freeze({
  parse: parseMemory,
  max: MAX_MEMORY,
  help: "expected bytes (67108864) or a quantity ('64Mi')",
});
const COUNT: Reading = Object.freeze({
  parse: (value: number | string) => (typeof value === 'number' ? value : undefined),
  max: MAX_COUNT,
  help: 'expected a whole number',
});

/** The amount a user wrote, or what is wrong with it. */
function readAmount(
  value: number | string,
  { parse, max, help }: Reading,
): number | { readonly problem: string } {
  const amount = parse(value);
  const problem = (text: string): { problem: string } => ({
    problem: `${text}, got ${JSON.stringify(value)}`,
  });
  if (amount === undefined || !Number.isInteger(amount)) return problem(help);
  if (amount < 0) return problem('must not be negative');
  return amount > max ? problem(`must be at most ${max}`) : amount;
}

function amountSchema(reading: Reading) {
  return z.union([z.number(), z.string()], reading.help).transform((value, context) => {
    const amount = readAmount(value, reading);
    if (typeof amount === 'number') return amount;
    context.addIssue({ code: 'custom', message: amount.problem });
    return z.NEVER;
  });
}

/** Amounts as a user may write them; yields {@link Resources}. */
export const resourcesSchema = z
  .record(z.string(), z.union([z.number(), z.string()]))
  .transform((value, context): Resources => {
    const result: Record<string, number> = {};
    for (const [name, written] of Object.entries(value)) {
      const amount = /^[a-z0-9]([a-z0-9./-]{0,61}[a-z0-9])?$/.test(name)
        ? readAmount(written, name === 'cpu' ? CPU : name === 'memory' ? MEMORY : COUNT)
        : { problem: 'expected a resource name such as "gpu"' };
      if (typeof amount === 'number') result[name] = amount;
      else context.addIssue({ code: 'custom', path: [name], message: amount.problem });
    }
    return result;
  });

export const requirementsSchema = z
  .strictObject({
    requests: resourcesSchema.default({}),
    limits: z
      .strictObject({
        cpu: amountSchema(CPU).optional(),
        memory: amountSchema(MEMORY).optional(),
        pids: z.int().min(1).max(MAX_PIDS).optional(),
      })
      .default({}),
  })
  .superRefine((value, context) => {
    for (const name of ['cpu', 'memory'] as const) {
      const limit = value.limits[name];
      if (limit !== undefined && (value.requests[name] ?? 0) > limit) {
        context.addIssue({
          code: 'custom',
          path: ['requests', name],
          message: `must not exceed the limit ${limit}`,
        });
      }
    }
  });
