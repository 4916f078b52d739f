import type { AnyInput, ServiceInput } from '@gantry/core/model';
import { usage } from '../output/problem.ts';

/** The label with the name of a service in its Compose file. */
export const SERVICE_LABEL = 'gantry.stack.service';

/** The label of a service created by `compose run`: a task in addition to those of the service. */
export const ONE_OFF_LABEL = 'gantry.stack.oneoff';

/** Returns the name of a service in its Compose file. */
export function keyOf({
  meta,
}: {
  readonly meta: { readonly labels?: Readonly<Record<string, string>> | undefined };
}): string {
  return meta.labels?.[SERVICE_LABEL] ?? '';
}

export interface SelectOptions {
  /** Names of services in the file (default: all). */
  readonly names: readonly string[];
  /** Omits the dependencies of the named services, and does not wait for them. */
  readonly noDeps?: boolean | undefined;
}

/** Selects the named services, their dependencies, and the networks they join. */
export function selectObjects(
  objects: readonly AnyInput[],
  { names, noDeps = false }: SelectOptions,
): readonly AnyInput[] {
  const services = objects.filter((object): object is ServiceInput => object.kind === 'service');
  const byKey = new Map(services.map((service) => [keyOf(service), service]));
  const byName = new Map(services.map((service) => [service.meta.name, service]));
  const missing = names.find((name) => !byKey.has(name));
  if (missing !== undefined)
    throw usage(`no such service: ${missing}`, `the file has ${[...byKey.keys()].join(', ')}`);
  const wanted = new Set<ServiceInput>();
  const open = (names.length === 0 ? [...byKey.keys()] : names).map((name) => byKey.get(name));
  for (let service = open.pop(); open.length > 0 || service !== undefined; service = open.pop()) {
    if (service === undefined || wanted.has(service)) continue;
    wanted.add(service);
    if (!noDeps) for (const { service: name } of service.spec.dependsOn ?? []) open.push(byName.get(name));
  }
  const joined = new Set(
    [...wanted].flatMap(({ spec }) =>
      (spec.template.networks ?? []).map((network) => (typeof network === 'string' ? network : network.name)),
    ),
  );
  return objects.flatMap((object): AnyInput[] => {
    if (object.kind === 'network') return joined.has(object.meta.name) ? [object] : [];
    if (object.kind !== 'service' || !wanted.has(object)) return [];
    return [noDeps ? { ...object, spec: { ...object.spec, dependsOn: [] } } : object];
  });
}

/** Applies scales such as `web=3`. */
export function scaleObjects(objects: readonly AnyInput[], scales: readonly string[]): readonly AnyInput[] {
  const wanted = new Map<string, number>();
  for (const scale of scales) {
    const [, name = '', count = ''] = /^([^=]+)=(\d{1,8})$/.exec(scale) ?? [];
    if (name === '') throw usage(`--scale: expected SERVICE=REPLICAS, got "${scale}"`);
    wanted.set(name, Number(count));
  }
  const scaled = objects.map((object): AnyInput => {
    const count = object.kind === 'service' ? wanted.get(keyOf(object)) : undefined;
    if (object.kind !== 'service' || count === undefined) return object;
    if (object.spec.mode === 'global')
      throw usage(`--scale: ${keyOf(object)} is global: it has one task on each node`);
    wanted.delete(keyOf(object));
    return { ...object, spec: { ...object.spec, replicas: count } };
  });
  const [missing] = wanted.keys();
  if (missing !== undefined) throw usage(`--scale: no such service: ${missing}`);
  return scaled;
}

/**
 * Lists dependencies that can never be met because the service has no replicas: `web waits for db, which has 0
 * replicas`.
 */
export function idleDependencies(objects: readonly AnyInput[]): readonly string[] {
  const services = objects.filter((object): object is ServiceInput => object.kind === 'service');
  const idle = new Map(
    services.filter(({ spec }) => spec.replicas === 0).map((service) => [service.meta.name, keyOf(service)]),
  );
  return services
    .filter(({ spec }) => spec.replicas !== 0)
    .flatMap((service) =>
      (service.spec.dependsOn ?? [])
        .filter(({ service: name }) => idle.has(name))
        .map(({ service: name }) => `${keyOf(service)} waits for ${idle.get(name)}, which has 0 replicas`),
    );
}
