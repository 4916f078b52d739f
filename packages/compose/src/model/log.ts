import type { Problem, Severity } from './problem.ts';
import type { Place, Tree } from './tree.ts';

/** Collects problems, and the values that have been read. */
export class Log {
  readonly problems: Problem[] = [];
  /** Values that were read, reported in a problem, or known to be harmless. */
  readonly seen = new Set<Tree>();
  readonly #known = new Set<string>();

  add(severity: Severity, at: Place, path: string, message: string): void {
    const { line, column, source } = at;
    const { file } = source;
    const key = JSON.stringify([file, line, column, path, message]);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.problems.push({ severity, file, line, column, path, message });
  }

  invalid(at: Place, path: string, message: string): void {
    this.add('invalid', at, path, message);
  }

  /** Marks a value and everything in it as accounted for. */
  cover(tree: Tree): void {
    this.seen.add(tree);
    if (tree.kind === 'list') for (const item of tree.items) this.cover(item);
    if (tree.kind === 'dict') for (const { value } of tree.entries.values()) this.cover(value);
  }

  get invalids(): readonly Problem[] {
    return this.problems.filter(({ severity }) => severity === 'invalid');
  }
}

/** Joins a path: `services.web` and `ports` give `services.web.ports`. */
export function join(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  const part = /^[^.[\]\s]+$/.test(key) ? key : `[${JSON.stringify(key)}]`;
  if (path === '') return part;
  return part.startsWith('[') ? `${path}${part}` : `${path}.${part}`;
}
