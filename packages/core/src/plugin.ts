import { GantryError, type Issue } from './errors.ts';
import { pathOf } from './path-of.ts';
import type { StandardSchema } from './standard-schema.ts';
import type { AnyToken, Provided, Token } from './token.ts';

/** The needs of a plugin: a name of its own choice for each contract it uses. */
export type Needs = Readonly<Record<string, AnyToken>>;

/** The implementations a plugin's `create` is given, under the names of its needs. */
export type Resolved<N extends Needs> = {
  readonly [K in keyof N]: N[K] extends Token<infer T> ? T : never;
};

/**
 * What the host does with the value a plugin made, if it has these members: `start` once everything it needs has
 * started, `Symbol.asyncDispose` in reverse order. Dispose is idempotent and may be called after a failed `start`.
 */
export interface Lifecycle {
  /** Does what needs I/O. `signal` fires when the start is given up. @throws to make the cluster's start fail. */
  start?(signal: AbortSignal): Promise<void>;
  /** Releases everything. Idempotent; may be called after a failed `start`. */
  [Symbol.asyncDispose]?(): Promise<void>;
}

/** A named, validated factory for one contract: a plain value, made by the function {@link definePlugin} returns. */
export interface Plugin {
  /** Shown in every error. */
  readonly name: string;
  /** The contract that it implements. */
  readonly provides: AnyToken;
  /** The contracts that it uses, by a name of its own. */
  readonly needs: Needs;
  /** Builds the implementation; wires only, does no I/O. */
  readonly create: (needs: Readonly<Record<string, unknown>>) => unknown;
}

/** What {@link definePlugin} takes. */
export interface PluginDefinition<T, N extends Needs, Input, Output> {
  /** Shown in every error, such as `acme/scheduler-zone-spread`. */
  readonly name: string;
  /** Exactly one contract. */
  readonly provides: Token<T>;
  /** The contracts it uses: checked before anything is built. */
  readonly needs?: N;
  /** Any Standard Schema validator (zod, valibot, arktype); without it the plugin takes no options. */
  readonly options?: StandardSchema<Input, Output>;
  /** Wires the implementation. I/O belongs into its `start(signal)`; its `Symbol.asyncDispose` releases. */
  readonly create: (options: Output, needs: Resolved<N>) => Provided<T>;
}

/** Options may be left out where every one of them may. */
type PluginFactory<Input> = unknown extends Input
  ? () => Plugin
  : Record<string, never> extends Input
    ? (options?: Input) => Plugin
    : (options: Input) => Plugin;

/**
 * Defines a plugin and returns its factory, `(options) => Plugin`. The factory validates at once.
 *
 * @throws `INVALID_OPTIONS` (from the factory) naming the plugin and the path of each wrong option.
 */
export function definePlugin<T, N extends Needs = Record<never, never>, Input = unknown, Output = Input>(
  definition: PluginDefinition<T, N, Input, Output>,
): PluginFactory<Input> {
  const factory = (options?: unknown): Plugin => {
    const valid = validated(definition.name, definition.options, options ?? {});
    return Object.freeze({
      name: definition.name,
      provides: definition.provides,
      needs: definition.needs ?? {},
      create: (needs: Readonly<Record<string, unknown>>) =>
        definition.create(valid as Output, needs as Resolved<N>) as unknown,
    });
  };
  return factory as PluginFactory<Input>;
}

/**
 * An existing value as a plugin: a kind, or an implementation that the host or a test owns. It is started and closed with
 * the cluster, like any other. A contract that several plugins provide needs a name for each.
 */
export function provide<T>(token: Token<T>, value: Provided<T>, name = `given-${token.id}`): Plugin {
  return Object.freeze({ name, provides: token, needs: {}, create: () => value });
}

function validated(
  plugin: string,
  schema: StandardSchema<unknown, unknown> | undefined,
  options: unknown,
): unknown {
  if (schema === undefined) {
    if (typeof options === 'object' && options !== null && Object.keys(options).length === 0) return options;
    throw invalid(plugin, [{ path: '', message: 'this plugin takes no options' }]);
  }
  const result = schema['~standard'].validate(options);
  if (result instanceof Promise)
    throw new TypeError(`${plugin}: the options schema must not be asynchronous`);
  if (result.issues === undefined) return result.value;
  throw invalid(
    plugin,
    result.issues.map((issue) => ({ path: pathOf(issue.path), message: issue.message })),
  );
}

function invalid(plugin: string, issues: readonly Issue[]): GantryError {
  const text = issues
    .map((issue) => (issue.path === '' ? issue.message : `${issue.path}: ${issue.message}`))
    .join('; ');
  return new GantryError('INVALID_OPTIONS', `${plugin}: ${text}`, { details: { plugin }, issues });
}
