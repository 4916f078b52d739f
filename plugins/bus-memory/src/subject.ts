const SUBJECT = /^[^\s.*>]+(?:\.[^\s.*>]+)*$/;
const PATTERN = /^(?:(?:[^\s.*>]+|\*)\.)*(?:[^\s.*>]+|\*|>)$/;

/** @throws `TypeError` if it is a pattern or not a valid subject. */
export function checkSubject(subject: string): void {
  if (typeof subject === 'string' && SUBJECT.test(subject)) return;
  throw new TypeError(`a subject is tokens joined by ".", not ${JSON.stringify(subject)}`);
}

/** @throws `TypeError` if it is neither a subject nor a pattern. */
export function checkPattern(pattern: string): void {
  if (typeof pattern === 'string' && PATTERN.test(pattern)) return;
  throw new TypeError(`a pattern is tokens, "*" or a last ">" joined by ".", not ${JSON.stringify(pattern)}`);
}

export function hasWildcard(pattern: string): boolean {
  return pattern.includes('*') || pattern.endsWith('>');
}

interface Branch {
  readonly next: Map<string, Branch>;
  /** The pattern that ends at this token. */
  pattern: string | undefined;
}

/** Maximum number of subjects whose patterns are remembered. */
const REMEMBERED = 50_000;

/**
 * Tree of patterns by token: finds those that match a subject without visiting the others, and remembers them, since the
 * same subjects are used again and again while patterns rarely change.
 */
export class PatternTree {
  readonly #root = branch();
  readonly #matches = new Map<string, readonly string[]>();

  add(pattern: string): void {
    this.#matches.clear();
    let at = this.#root;
    for (const token of pattern.split('.')) {
      const next = at.next.get(token) ?? branch();
      at.next.set(token, next);
      at = next;
    }
    at.pattern = pattern;
  }

  delete(pattern: string): void {
    this.#matches.clear();
    const path = [this.#root];
    const tokens = pattern.split('.');
    for (const token of tokens) {
      const next = path.at(-1)?.next.get(token);
      if (next === undefined) return;
      path.push(next);
    }
    (path.at(-1) as Branch).pattern = undefined;
    for (let depth = tokens.length; depth > 0; depth--) {
      const last = path[depth] as Branch;
      if (last.pattern !== undefined || last.next.size > 0) return;
      path[depth - 1]?.next.delete(tokens[depth - 1] as string);
    }
  }

  /** Returns the patterns that match a subject. */
  match(subject: string): readonly string[] {
    if (this.#root.next.size === 0) return NONE;
    const known = this.#matches.get(subject);
    if (known !== undefined) return known;
    const found: string[] = [];
    walk(this.#root, subject.split('.'), 0, (pattern) => found.push(pattern));
    if (this.#matches.size >= REMEMBERED) this.#matches.clear();
    this.#matches.set(subject, found);
    return found;
  }
}

const NONE: readonly string[] = Object.freeze([]);

function branch(): Branch {
  return { next: new Map(), pattern: undefined };
}

function walk(at: Branch, tokens: readonly string[], depth: number, found: (pattern: string) => void): void {
  if (depth === tokens.length) {
    if (at.pattern !== undefined) found(at.pattern);
    return;
  }
  const rest = at.next.get('>')?.pattern;
  if (rest !== undefined) found(rest);
  const any = at.next.get('*');
  if (any !== undefined) walk(any, tokens, depth + 1, found);
  const same = at.next.get(tokens[depth] as string);
  if (same !== undefined) walk(same, tokens, depth + 1, found);
}
