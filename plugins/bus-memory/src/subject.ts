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

/** Tree of patterns by token: finds those that match a subject without visiting the others. */
export class PatternTree {
  readonly #root = branch();

  add(pattern: string): void {
    let at = this.#root;
    for (const token of pattern.split('.')) {
      const next = at.next.get(token) ?? branch();
      at.next.set(token, next);
      at = next;
    }
    at.pattern = pattern;
  }

  delete(pattern: string): void {
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

  match(subject: string, found: (pattern: string) => void): void {
    if (this.#root.next.size > 0) walk(this.#root, subject.split('.'), 0, found);
  }
}

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
