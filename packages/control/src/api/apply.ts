import {
  type AnyObject,
  GantryError,
  type InputKind,
  type Issue,
  invalidObject,
  type KindMap,
  type NetworkObject,
  type Node,
  type ObjectMeta,
  REDACTED,
  type Scheduler,
  type Service,
  type ServiceSpec,
  type Validated,
  type Views,
} from '@gantry/core';
import { sameInput } from './writer.ts';

/** What `applyInput` has to know beyond the object itself. */
export interface ApplyContext {
  readonly now: number;
  readonly uid: () => string;
}

/** The object to store for an input that was validated: a new one, the changed one, or the current one as it is. */
export function applyInput<K extends InputKind>(
  input: Validated<K>,
  current: KindMap[K] | undefined,
  context: ApplyContext,
): KindMap[K] {
  const parsed = input as Validated<InputKind>;
  const known = current as AnyObject | undefined;
  switch (parsed.kind) {
    case 'service':
      return applyService(parsed, known as Service | undefined, context) as KindMap[K];
    case 'node':
      return applyNode(parsed, known as Node | undefined) as KindMap[K];
    case 'network':
      return applyNetwork(parsed, known as NetworkObject | undefined, context) as KindMap[K];
  }
}

function applyService(
  input: Validated<'service'>,
  current: Service | undefined,
  context: ApplyContext,
): Service {
  const { meta } = input;
  if (current === undefined) {
    return {
      kind: 'service',
      meta: newMeta(meta.name, meta.labels, context),
      spec: withSecrets(input.spec, undefined),
      status: {
        observedGeneration: 0,
        template: '',
        desired: 0,
        running: 0,
        ready: 0,
        updated: 0,
        history: [],
        published: [],
        conditions: [],
      },
    };
  }
  if (current.meta.deletedAt !== undefined) {
    throw new GantryError('CONFLICT', `service ${meta.name} is being deleted: wait until it is gone`);
  }
  // A file says nothing of restarts: applied again, it neither takes one back nor asks for another.
  const restartedAt = input.spec.restartedAt ?? current.spec.restartedAt;
  const spec = withSecrets({ ...input.spec, restartedAt }, current.spec);
  const same = sameInput(current, spec, meta.labels);
  if (same.spec && same.labels) return current;
  const generation = current.meta.generation + (same.spec ? 0 : 1);
  return {
    ...current,
    meta: { ...current.meta, labels: meta.labels, generation },
    spec: same.spec ? current.spec : spec,
  };
}

function applyNode(input: Validated<'node'>, current: Node | undefined): Node {
  if (current === undefined) {
    throw new GantryError(
      'NOT_FOUND',
      `node ${input.meta.name}: nodes come with their agents and cannot be created`,
    );
  }
  const same = sameInput(current, input.spec, input.meta.labels);
  if (same.spec && same.labels) return current;
  const generation = current.meta.generation + (same.spec ? 0 : 1);
  return { ...current, meta: { ...current.meta, labels: input.meta.labels, generation }, spec: input.spec };
}

function applyNetwork(
  input: Validated<'network'>,
  current: NetworkObject | undefined,
  context: ApplyContext,
): NetworkObject {
  const { meta, spec } = input;
  if (current === undefined) return { kind: 'network', meta: newMeta(meta.name, meta.labels, context), spec };
  const same = sameInput(current, spec, meta.labels);
  if (!same.spec) {
    throw invalidObject(`network ${meta.name}`, [
      { path: 'spec', message: 'a network cannot be changed: delete it and create it anew' },
    ]);
  }
  return same.labels ? current : { ...current, meta: { ...current.meta, labels: meta.labels } };
}

function newMeta(name: string, labels: Readonly<Record<string, string>>, context: ApplyContext): ObjectMeta {
  return { name, uid: context.uid(), generation: 1, createdAt: context.now, labels };
}

/** Puts the stored password back where an object that was read is applied again. */
function withSecrets(spec: ServiceSpec, current: ServiceSpec | undefined): ServiceSpec {
  const auth = spec.template.registryAuth;
  if (auth?.password !== REDACTED) return spec;
  const stored = current?.template.registryAuth;
  if (stored === undefined || stored.username !== auth.username) {
    throw invalidObject('service', [
      { path: 'spec.template.registryAuth.password', message: 'there is no stored password to keep' },
    ]);
  }
  return { ...spec, template: { ...spec.template, registryAuth: stored } };
}

/**
 * Checks a service against the rest of the cluster: networks and schedulers that exist, ports nobody else publishes.
 *
 * @throws `INVALID_OBJECT` with every problem.
 */
export function checkReferences(
  input: Validated<'service'>,
  views: Views,
  schedulers: readonly Scheduler[],
  alsoNetworks: ReadonlySet<string>,
): void {
  const { name } = input.meta;
  const issues: Issue[] = [];
  input.spec.template.networks.forEach((network, index) => {
    if (alsoNetworks.has(network.name) || views.of('network').get(network.name) !== undefined) return;
    issues.push({ path: `spec.template.networks[${index}]`, message: `there is no network ${network.name}` });
  });
  const { scheduler } = input.spec;
  if (scheduler !== undefined && !schedulers.some((each) => each.name === scheduler)) {
    const known = schedulers.map((each) => each.name).join(', ');
    issues.push({ path: 'spec.scheduler', message: `there is no scheduler ${scheduler}, only ${known}` });
  }
  const taken = publishedPorts(views, name);
  input.spec.template.ports.forEach((port, index) => {
    const owner = port.published ? taken.get(`${port.protocol}:${port.published}`) : undefined;
    if (port.mode !== 'ingress' || owner === undefined) return;
    issues.push({
      path: `spec.template.ports[${index}].published`,
      message: `port ${port.published} is published by service ${owner}`,
    });
  });
  if (issues.length > 0) throw invalidObject(`service ${name}`, issues);
}

/**
 * Checks objects that are to be applied together against each other: names, and ports that are published.
 *
 * @throws `INVALID_OBJECT` with every problem; paths begin with the object's place in the list.
 */
export function refuseDoubles(inputs: readonly Validated<InputKind>[]): void {
  const issues: Issue[] = [];
  const seen = new Set<string>();
  const claim = (what: string, path: string): void => {
    if (seen.has(what)) issues.push({ path, message: `${what} is there twice` });
    seen.add(what);
  };
  inputs.forEach((input, index) => {
    claim(`${input.kind} ${input.meta.name}`, `[${index}].meta.name`);
    if (input.kind !== 'service') return;
    input.spec.template.ports.forEach(({ mode, published, protocol }, at) => {
      if (mode !== 'ingress' || !published) return;
      claim(`published port ${published}/${protocol}`, `[${index}].spec.template.ports[${at}].published`);
    });
  });
  if (issues.length > 0) throw invalidObject('objects', issues);
}

function publishedPorts(views: Views, except: string): Map<string, string> {
  const taken = new Map<string, string>();
  for (const { value } of views.of('service').all()) {
    if (value.meta.name === except) continue;
    for (const port of value.spec.template.ports) {
      if (port.mode === 'ingress' && port.published)
        taken.set(`${port.protocol}:${port.published}`, value.meta.name);
    }
  }
  return taken;
}
