import 'reflect-metadata';
import {
  type AnyToken,
  GantryError,
  isGantryError,
  type Lifecycle,
  type Token,
  type TokenScope,
  toGantryError,
} from '@gantry/core';
import { type DependencyContainer, container as root } from 'tsyringe';

/** A component that a scope has built; a scope keeps them in the order in which they were built. */
export interface Built {
  readonly plugin: string;
  readonly value: unknown;
}

/**
 * Holds the implementations of a cluster, of one term of its leader, of a machine, or of a node. The only file that knows
 * tsyringe, which serves as a registry with parents. Lifetimes are managed here: an implementation is built once, in the
 * scope that owns it, from what that scope can see, and closed with that scope.
 */
export class Scope {
  readonly built: Built[] = [];
  readonly #container: DependencyContainer;
  readonly #kind: TokenScope;
  /** Contracts of an outer scope for which this one has its own implementation. */
  readonly #own = new Set<symbol>();
  readonly #parent: Scope | undefined;
  readonly #building: string[] = [];

  constructor(kind: TokenScope, parent?: Scope) {
    this.#kind = kind;
    this.#parent = parent;
    this.#container = (parent === undefined ? root : parent.#container).createChildContainer();
  }

  /** Registers a factory, which runs at most once, when the contract is first resolved. */
  bind(token: AnyToken, plugin: string, build: (scope: Scope) => unknown): void {
    let value: { readonly it: unknown } | undefined;
    const useFactory = (): unknown => {
      value ??= { it: this.#build(plugin, build) };
      return value.it;
    };
    this.#container.register(token.key, { useFactory });
    if (token.scope !== this.#kind) this.#own.add(token.key);
  }

  /** The implementation, or for a `many` token all of them; built now if it was not yet. */
  get<T>(token: Token<T>): T {
    const owner = this.#ownerOf(token);
    const known = owner.#container.isRegistered(token.key);
    if (token.many) return (known ? owner.#container.resolveAll(token.key) : []) as T;
    if (!known) throw new GantryError('WIRING', `no plugin provides "${token.id}"`);
    return owner.#container.resolve(token.key) as T;
  }

  #ownerOf(token: AnyToken): Scope {
    if (token.scope === this.#kind || this.#own.has(token.key)) return this;
    if (this.#parent !== undefined) return this.#parent.#ownerOf(token);
    throw new GantryError(
      'WIRING',
      `"${token.id}" belongs to a ${token.scope} and is not available outside of one`,
    );
  }

  #build(plugin: string, build: (scope: Scope) => unknown): unknown {
    if (this.#building.includes(plugin)) {
      throw new GantryError('WIRING', `cycle: ${[...this.#building, plugin].join(' → ')}`);
    }
    this.#building.push(plugin);
    try {
      const value = build(this);
      this.built.push({ plugin, value });
      return value;
    } catch (error) {
      throw named(error, plugin);
    } finally {
      this.#building.pop();
    }
  }
}

/** The error of a build, with the name of the plugin; a wiring error names its plugins itself. */
function named(error: unknown, plugin: string): GantryError {
  if (isGantryError(error) && (error.code === 'WIRING' || 'plugin' in error.details)) return error;
  const known = toGantryError(error);
  return new GantryError(known.code, `${plugin}: create failed: ${known.message}`, {
    cause: error,
    details: { ...known.details, plugin },
    issues: known.issues,
  });
}

/** The life-cycle members of a built value, if it has any. */
export function lifecycleOf(value: unknown): Lifecycle {
  return (typeof value === 'object' && value !== null ? value : {}) as Lifecycle;
}
