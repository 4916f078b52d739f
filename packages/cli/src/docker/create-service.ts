import type { ServiceInput } from '@gantry/core/model';
import { splitPair } from '../input/key-values.ts';
import { CliError, usage } from '../output/problem.ts';
import type { SharedFlags } from './flags.ts';
import { parseMount } from './mount.ts';
import { parsePublish } from './publish.ts';
import { compact, type Spec, sharedSpec } from './shared-spec.ts';
import { csvFields, oneOf, pairs, refuseUnknown } from './values.ts';

export interface CreateFlags extends SharedFlags {
  readonly name?: string;
  readonly network?: readonly string[];
  readonly publish?: readonly string[];
  readonly env?: readonly string[];
  readonly mount?: readonly string[];
  readonly constraint?: readonly string[];
  readonly placementPref?: readonly string[];
  readonly label?: readonly string[];
  readonly containerLabel?: readonly string[];
  readonly mode?: string;
  /** The operands are a command, not an image: for nodes that run processes. */
  readonly process?: boolean;
}

/** Drops health checks that an update would remove: a new service has none. */
function withoutNulls(template: Spec | undefined): Spec | undefined {
  if (template?.healthChecks === undefined) return template;
  const checks = Object.entries(template.healthChecks as Spec).filter(([, check]) => check !== null);
  return { ...template, healthChecks: Object.fromEntries(checks) };
}

/** Context besides the flags. */
export interface CreateContext {
  readonly namespace: string;
  /** Names of existing services. */
  readonly taken: ReadonlySet<string>;
  /** Environment for `-e NAME` without a value. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Variables of `--env-file`. */
  readonly envFile?: Readonly<Record<string, string>>;
}

/** Converts the flags of Docker's `service create` to a service. */
export function createInput(
  operands: readonly string[],
  flags: CreateFlags,
  context: CreateContext,
): ServiceInput {
  const shared = sharedSpec(flags);
  const [image, ...args] = flags.process === true ? [undefined, ...operands] : operands;
  const what = image ?? args[0];
  if (what === undefined) throw usage(flags.process === true ? 'expected a command' : 'expected an image');
  const { template, placement, ...spec } = shared;
  return {
    kind: 'service',
    meta: {
      name: flags.name ?? freeName(what, context.taken),
      ...(context.namespace === 'default' ? {} : { namespace: context.namespace }),
      labels: pairs(flags.label),
    },
    spec: {
      ...spec,
      ...(flags.mode === undefined ? {} : { mode: modeOf(flags.mode) }),
      template: {
        ...withoutNulls(template as Spec | undefined),
        ...(flags.process === true ? { command: args } : { image, ...(args.length === 0 ? {} : { args }) }),
        ...compact({
          env: someOf({ ...context.envFile, ...envOf(flags.env ?? [], context.env) }),
          labels: someOf(pairs(flags.containerLabel)),
          ports: flags.publish?.flatMap(parsePublish),
          mounts: flags.mount?.map(parseMount),
          networks: flags.network?.map(parseNetwork),
        }),
      },
      ...compact({
        placement: compact({
          ...(placement as Spec | undefined),
          constraints: flags.constraint?.map(constraintOf),
          preferences: flags.placementPref?.map(preferenceOf),
        }),
      }),
    },
  } as ServiceInput;
}

const someOf = (record: Record<string, string>): Record<string, string> | undefined =>
  Object.keys(record).length === 0 ? undefined : record;

function modeOf(text: string): 'replicated' | 'global' {
  if (text === 'replicated-job' || text === 'global-job') {
    throw new CliError(
      'UNSUPPORTED',
      `--mode: there are no jobs: "${text}"`,
      'a service with --restart-condition none runs each task once',
    );
  }
  return oneOf(text, '--mode', ['replicated', 'global']);
}

/** Keeps `A=1`, and takes `A` from this process's environment; as in Docker, an unset variable is omitted. */
export function envOf(words: readonly string[], env: CreateContext['env']): Record<string, string> {
  return Object.fromEntries(
    words.flatMap((word) => {
      const [name, value = env[name]] = splitPair(word);
      if (name === '') throw usage(`--env: expected NAME=VALUE, got "${word}"`);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** Parses `front`, or `name=front,alias=web`. */
export function parseNetwork(text: string): { readonly name: string; readonly aliases: string[] } {
  if (!text.includes('=')) return { name: text, aliases: [] };
  const fields = csvFields(text, '--network');
  refuseUnknown(fields, ['name', 'alias'], '--network');
  const [name, alias] = [fields.get('name'), fields.get('alias')];
  if (name === undefined) throw usage(`--network: expected name=NETWORK in "${text}"`);
  return { name, aliases: alias === undefined ? [] : [alias] };
}

/** Adds the spaces that Docker omits in `node.labels.zone==a`. */
export function constraintOf(text: string): string {
  return text.replace(/\s*(==|!=)\s*/, ' $1 ');
}

/** Parses `spread=node.labels.zone`. */
function preferenceOf(text: string): { readonly spread: string } {
  const [key, value] = splitPair(text);
  if (key !== 'spread' || value === undefined)
    throw usage(`--placement-pref: expected spread=FIELD, got "${text}"`);
  return { spread: value };
}

/**
 * Returns an unused name based on the last part of an image or command: `registry/team/web:1` becomes `web`, then
 * `web-2`.
 */
export function freeName(what: string, taken: ReadonlySet<string>): string {
  const last = what.split('/').at(-1) ?? '';
  const base =
    last
      .replace(/[@:].*$/, '')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 30) || 'service';
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}-${number}`;
    if (!taken.has(name)) return name;
  }
}
