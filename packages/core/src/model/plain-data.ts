import type { Issue } from '../errors.ts';
import { pathOf } from '../path-of.ts';

/** How deep an object may nest. */
export const MAX_DEPTH = 64;
const MAX_ISSUES = 20;

/** What is wrong with a value that should be data as JSON has it, and whether it has a negative zero. */
export interface PlainDataProblems {
  readonly issues: readonly Issue[];
  readonly negativeZero: boolean;
}

/**
 * Checks that a value is data which every store, bus and runtime carries as it is: objects, lists, text without NUL and
 * without halves of surrogate pairs, finite numbers, true, false, null; not deeper than 64 levels; no key `__proto__`.
 */
export function checkPlainData(value: unknown): PlainDataProblems {
  const issues: Issue[] = [];
  let negativeZero = false;
  const path: (string | number)[] = [];
  const report = (message: string): void => {
    if (issues.length < MAX_ISSUES) issues.push({ path: pathOf(path.slice(0, 12)), message });
  };
  const visit = (part: unknown): void => {
    switch (typeof part) {
      case 'string': {
        const problem = problemOfText(part);
        if (problem !== undefined) report(problem);
        return;
      }
      case 'number':
        if (!Number.isFinite(part)) report(`expected a finite number, got ${part}`);
        else if (Object.is(part, -0)) negativeZero = true;
        return;
      case 'object':
        if (part !== null) visitObject(part);
        return;
      case 'boolean':
      case 'undefined':
        return;
      default:
        report(`expected data, got a ${typeof part}`);
    }
  };
  const visitObject = (part: object): void => {
    if (path.length >= MAX_DEPTH) {
      report(`nests deeper than ${MAX_DEPTH} levels`);
      return;
    }
    if (Array.isArray(part)) {
      for (let index = 0; index < part.length && issues.length < MAX_ISSUES; index++) {
        path.push(index);
        visit(part[index]);
        path.pop();
      }
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(part);
    if (prototype !== null && prototype !== Object.prototype && !isForeignObject(prototype)) {
      report(`expected an object, got a ${part.constructor?.name ?? 'value'}`);
      return;
    }
    for (const key of Object.keys(part)) {
      if (issues.length >= MAX_ISSUES) return;
      const problem = key === '__proto__' ? 'not allowed as a key' : problemOfText(key);
      path.push(problem === undefined ? key : JSON.stringify(key).slice(1, -1));
      if (problem !== undefined) report(problem);
      else visit((part as Readonly<Record<string, unknown>>)[key]);
      path.pop();
    }
  };
  visit(value);
  return { issues, negativeZero };
}

/** The plain object of another realm, such as a worker's or a test's sandbox. */
function isForeignObject(prototype: unknown): boolean {
  return Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'hasOwnProperty');
}

function problemOfText(value: string): string | undefined {
  if (value.includes('\0')) return 'must not contain a NUL character';
  return LONE_SURROGATE.test(value) ? 'must not contain half of a surrogate pair' : undefined;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Returns the same data with each negative zero replaced by 0. */
export function withoutNegativeZero<T>(value: T): T {
  if (Object.is(value, -0)) return 0 as T;
  if (Array.isArray(value)) return value.map(withoutNegativeZero) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withoutNegativeZero(each)]),
  ) as T;
}
