import type { Service } from '@gantry/core/model';
import { usage } from '../output/problem.ts';
import { constraintOf, envOf, parseNetwork } from './create-service.ts';
import type { SharedFlags } from './flags.ts';
import { parseMount } from './mount.ts';
import { parsePublish } from './publish.ts';
import { compact, type Spec, sharedSpec, words } from './shared-spec.ts';
import { pairs } from './values.ts';

export interface UpdateFlags extends SharedFlags {
  readonly image?: string;
  readonly args?: string;
  readonly envAdd?: readonly string[];
  readonly envRm?: readonly string[];
  readonly labelAdd?: readonly string[];
  readonly labelRm?: readonly string[];
  readonly containerLabelAdd?: readonly string[];
  readonly containerLabelRm?: readonly string[];
  readonly constraintAdd?: readonly string[];
  readonly constraintRm?: readonly string[];
  readonly publishAdd?: readonly string[];
  readonly publishRm?: readonly string[];
  readonly mountAdd?: readonly string[];
  readonly mountRm?: readonly string[];
  readonly networkAdd?: readonly string[];
  readonly networkRm?: readonly string[];
}

/** Converts the flags of Docker's `service update` to a merge patch; undefined if they change nothing. */
export function updatePatch(
  { spec }: Service,
  flags: UpdateFlags,
  env: Readonly<Record<string, string | undefined>>,
): { readonly meta?: Spec; readonly spec?: Spec } | undefined {
  const { template: sharedTemplate, placement: sharedPlacement, ...shared } = sharedSpec(flags);
  const { template, placement } = spec;
  const meta = compact({ labels: mapPatch(pairs(flags.labelAdd), flags.labelRm) });
  const patch = compact({
    ...shared,
    template: compact({
      ...(sharedTemplate as Spec | undefined),
      image: flags.image,
      args: flags.args === undefined ? undefined : words(flags.args),
      env: mapPatch(envOf(flags.envAdd ?? [], env), flags.envRm),
      labels: mapPatch(pairs(flags.containerLabelAdd), flags.containerLabelRm),
      ports: portsOf(template.ports, flags),
      mounts: listPatch(
        template.mounts,
        flags.mountAdd?.map(parseMount),
        flags.mountRm,
        ({ target }) => target,
        '--mount-rm',
      ),
      networks: listPatch(
        template.networks,
        flags.networkAdd?.map(parseNetwork),
        flags.networkRm,
        ({ name }) => name,
        '--network-rm',
      ),
    }),
    placement: compact({
      ...(sharedPlacement as Spec | undefined),
      constraints: listPatch(
        placement.constraints,
        flags.constraintAdd?.map(constraintOf),
        flags.constraintRm?.map(constraintOf),
        constraintOf,
        '--constraint-rm',
      ),
    }),
  });
  if (meta === undefined && patch === undefined) return undefined;
  return { ...(meta === undefined ? {} : { meta }), ...(patch === undefined ? {} : { spec: patch }) };
}

function mapPatch(
  add: Readonly<Record<string, string>>,
  remove: readonly string[] | undefined,
): Record<string, string | null> | undefined {
  const gone = (remove ?? []).map((key): [string, null] => [key, null]);
  const patch = { ...Object.fromEntries(gone), ...add };
  return Object.keys(patch).length === 0 ? undefined : patch;
}

/** Changes a list, which is patched as a whole; an added item replaces the one with the same key. */
function listPatch<T, A>(
  current: readonly T[],
  add: readonly A[] | undefined,
  remove: readonly string[] | undefined,
  keyOf: (item: T) => string,
  flag: string,
): readonly (T | A)[] | undefined {
  if (add === undefined && remove === undefined) return undefined;
  const keys = new Set(current.map(keyOf));
  const missing = remove?.find((key) => !keys.has(key));
  if (missing !== undefined)
    throw usage(`${flag}: "${missing}" not found`, `known: ${[...keys].join(', ') || 'none'}`);
  const replaced = new Set([...(remove ?? []), ...(add ?? []).map((item) => keyOf(item as unknown as T))]);
  return [...current.filter((item) => !replaced.has(keyOf(item))), ...(add ?? [])];
}

/** Patches ports; `--publish-rm` takes target ports, `80` or `80/udp`. */
function portsOf(
  ports: Service['spec']['template']['ports'],
  flags: UpdateFlags,
): readonly unknown[] | undefined {
  const key = ({
    target,
    protocol = 'tcp',
  }: {
    readonly target: number;
    readonly protocol?: string | undefined;
  }): string => `${target}/${protocol}`;
  const remove = flags.publishRm?.map((text) => {
    const [port = ''] = text.split(':').slice(-1);
    return port.includes('/') ? port : `${port}/tcp`;
  });
  return listPatch(ports, flags.publishAdd?.flatMap(parsePublish), remove, key, '--publish-rm');
}
