const MAX_DEPTH = 100;
/** Approximate size of a string or a number in V8 besides its content, and of an object. */
const SLOT_BYTES = 16;
const OBJECT_BYTES = 48;

/**
 * Deeply freezes JSON values, and rejects values that are not JSON. An object frozen here that comes a second time (a
 * part shared by many values) is remembered, and not walked a third time. The common value, seen once, costs only its
 * own walk.
 */
export class JsonFreezer {
  readonly #shared = new WeakSet<object>();
  #bytes = 0;

  /**
   * @param before the value this one replaces: parts that both share are known to be frozen
   *
   * @returns approximate size in bytes, without the shared parts
   * @throws `TypeError` naming the path of a value that is not JSON.
   */
  freeze(value: unknown, before?: unknown): number {
    this.#bytes = 0;
    this.#walk(value, before, 0);
    return this.#bytes;
  }

  #walk(value: unknown, before: unknown, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.#bytes += SLOT_BYTES + value.length;
        return;
      case 'boolean':
        return;
      case 'number':
        this.#bytes += SLOT_BYTES;
        if (Number.isFinite(value)) return;
        throw new NotJson(String(value));
      case 'object':
        break;
      default:
        throw new NotJson(typeof value);
    }
    if (value === null || value === before) return;
    const seen = Object.isFrozen(value);
    if (seen && this.#shared.has(value)) return;
    this.#bytes += OBJECT_BYTES;
    if (depth === MAX_DEPTH) throw new NotJson(`a value nested over ${MAX_DEPTH} levels deep (or a cycle)`);
    const old = typeof before === 'object' && before !== null ? before : undefined;
    if (Array.isArray(value)) this.#walkArray(value, old, depth);
    else this.#walkObject(value as Record<string, unknown>, old as Record<string, unknown>, depth);
    if (!seen) Object.freeze(value);
    else this.#shared.add(value);
  }

  #walkArray(value: readonly unknown[], old: object | undefined, depth: number): void {
    const before = Array.isArray(old) ? (old as readonly unknown[]) : undefined;
    for (let index = 0; index < value.length; index++) {
      try {
        this.#walk(value[index], before?.[index], depth + 1);
      } catch (error) {
        throw within(error, `[${index}]`);
      }
    }
  }

  #walkObject(
    value: Record<string, unknown>,
    before: Record<string, unknown> | undefined,
    depth: number,
  ): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null && Object.getPrototypeOf(prototype) !== null) {
      throw new NotJson(`a ${(value as object).constructor?.name ?? 'class instance'}`);
    }
    for (const key in value) {
      const part = value[key];
      if (part === undefined) continue;
      this.#bytes += key.length;
      try {
        this.#walk(part, before?.[key], depth + 1);
      } catch (error) {
        throw within(error, `.${key}`);
      }
    }
  }
}

class NotJson extends TypeError {
  readonly what: string;
  readonly path: string;

  constructor(what: string, path = '') {
    super(`a stored value must be JSON: found ${what}${path === '' ? '' : ` at ${path}`}`);
    this.name = 'TypeError';
    this.what = what;
    this.path = path;
  }
}

function within(error: unknown, step: string): unknown {
  return error instanceof NotJson ? new NotJson(error.what, step + error.path) : error;
}
