import { GantryError, type Issue } from '@gantry/core';

/** Checks the value of an option; returns what it must be, or undefined if it is valid. */
type Check = (value: unknown) => string | undefined;

const positive: Check = (value) =>
  typeof value === 'number' && Number.isFinite(value) && value > 0 ? undefined : 'expected a number above 0';
const count: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'expected a whole number, 0 or more';
const text: Check = (value) => (typeof value === 'string' ? undefined : 'expected a text');
const url: Check = (value) =>
  typeof value === 'string' || (Array.isArray(value) && value.every((each) => typeof each === 'string'))
    ? undefined
    : 'expected a URL, or a list of them';
const having =
  (...methods: readonly string[]): Check =>
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    methods.every((name) => typeof (value as Readonly<Record<string, unknown>>)[name] === 'function')
      ? undefined
      : `expected an object with ${methods.join(', ')}`;

const CHECKS: Readonly<Record<string, Check>> = Object.freeze({
  url,
  token: text,
  timeoutMs: positive,
  retries: count,
  silenceMs: positive,
  clock: having('now', 'elapsed', 'sleep', 'after'),
  random: having('next'),
});

const NODE_CHECKS: Readonly<Record<string, Check>> = Object.freeze({ ca: text });

/**
 * Checks the options of `connect`; undefined stands for an absent option. Values are never repeated in errors: one of
 * them may be a secret under another name.
 *
 * @param inNode whether the options of the entry for Node are known too
 * @throws `INVALID_OPTIONS` with every problem: an unknown option, or an invalid value
 */
export function checkOptions(options: unknown, inNode: boolean): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw invalid([{ path: '', message: 'expected an object of options' }]);
  const checks: Readonly<Record<string, Check>> = inNode ? { ...CHECKS, ...NODE_CHECKS } : CHECKS;
  const issues: Issue[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(checks, name)) {
      issues.push({
        path: name,
        message: `unknown option: expected one of ${Object.keys(checks).join(', ')}`,
      });
    } else if (value !== undefined) {
      const message = checks[name]?.(value);
      if (message !== undefined) issues.push({ path: name, message });
    }
  }
  if ((options as { readonly url?: unknown }).url === undefined)
    issues.push({ path: 'url', message: 'is missing' });
  if (issues.length > 0) throw invalid(issues);
}

function invalid(issues: readonly Issue[]): GantryError {
  const words = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
  return new GantryError('INVALID_OPTIONS', `connect: ${words}`, { issues });
}
