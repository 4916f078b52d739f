import {
  GantryError,
  type InputKind,
  type Issue,
  idBeside,
  idOf,
  invalidObject,
  parseId,
  type Scheduler,
  type Service,
  type Validated,
  type Views,
} from '@gantry/core';

/** What is applied together with an object, and therefore need not be stored yet; nothing, if it is applied alone. */
export interface Companions {
  readonly networks?: ReadonlySet<string>;
  readonly services?: ReadonlyMap<string, Validated<'service'>>;
}

/** The objects of a list that others of it may refer to. */
export function companionsIn(inputs: readonly Validated<InputKind>[]): Companions {
  const networks = inputs.filter(({ kind }) => kind === 'network').map(({ meta }) => idOf(meta));
  const services = inputs.flatMap((input) =>
    input.kind === 'service' ? [[idOf(input.meta), input as Validated<'service'>] as const] : [],
  );
  return { networks: new Set(networks), services: new Map(services) };
}

/**
 * Checks a service against the rest of the cluster: networks, schedulers and services that exist, dependencies without a
 * circle, ports nobody else publishes. What it already refers to may have gone since: a service whose dependency or
 * scheduler is gone can still be scaled, resumed and updated, and its status says what it waits for.
 *
 * @throws `INVALID_OBJECT` with every problem.
 */
export function checkReferences(
  input: Pick<Validated<'service'>, 'meta' | 'spec'>,
  views: Views,
  schedulers: readonly Scheduler[],
  companions: Companions = {},
): void {
  const id = idOf(input.meta);
  const stored = views.of('service').get(id)?.value.spec;
  const issues: Issue[] = [];
  input.spec.template.networks.forEach(({ name }, index) => {
    const network = idBeside(id, name);
    if (companions.networks?.has(network) || views.of('network').get(network) !== undefined) return;
    issues.push({ path: `spec.template.networks[${index}]`, message: `there is no network ${network}` });
  });
  const { scheduler } = input.spec;
  if (
    scheduler !== stored?.scheduler &&
    scheduler !== undefined &&
    !schedulers.some((each) => each.name === scheduler)
  ) {
    const known = schedulers.map((each) => each.name).join(', ');
    issues.push({ path: 'spec.scheduler', message: `there is no scheduler ${scheduler}, only ${known}` });
  }
  issues.push(...dependencyIssues(id, input.spec, stored, views, companions));
  const taken = publishedPorts(views, id);
  input.spec.template.ports.forEach((port, index) => {
    const owner = port.published ? taken.get(`${port.protocol}:${port.published}`) : undefined;
    if (port.mode !== 'ingress' || owner === undefined) return;
    issues.push({
      path: `spec.template.ports[${index}].published`,
      message: `port ${port.published} is published by service ${owner}`,
    });
  });
  if (issues.length > 0) throw invalidObject(`service ${id}`, issues);
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
    claim(`${input.kind} ${idOf(input.meta)}`, `[${index}].meta.name`);
    if (input.kind !== 'service') return;
    (input as Validated<'service'>).spec.template.ports.forEach(({ mode, published, protocol }, at) => {
      if (mode !== 'ingress' || !published) return;
      claim(`published port ${published}/${protocol}`, `[${index}].spec.template.ports[${at}].published`);
    });
  });
  if (issues.length > 0) throw invalidObject('objects', issues);
}

/** @throws `CONFLICT` while a service is on the network. */
export function refuseNetworkInUse(views: Views, network: string): void {
  const { namespace } = parseId(network);
  for (const { value } of views.of('service').all()) {
    const id = idOf(value.meta);
    if (parseId(id).namespace !== namespace) continue;
    if (value.spec.template.networks.some(({ name }) => idBeside(id, name) === network)) {
      throw new GantryError('CONFLICT', `network ${network} is used by service ${id}`);
    }
  }
}

function dependencyIssues(
  id: string,
  spec: Pick<Service['spec'], 'dependsOn'>,
  stored: Service['spec'] | undefined,
  views: Views,
  companions: Companions,
): Issue[] {
  const dependenciesOf = (service: string): readonly string[] => {
    const found = companions.services?.get(service) ?? views.of('service').get(service)?.value;
    const dependencies = service === id ? spec.dependsOn : (found?.spec.dependsOn ?? []);
    return dependencies.map((dependency) => idBeside(service, dependency.service));
  };
  const exists = (service: string): boolean =>
    service === id ||
    companions.services?.has(service) === true ||
    views.of('service').get(service) !== undefined;
  return spec.dependsOn.flatMap(({ service }, index): Issue[] => {
    const path = `spec.dependsOn[${index}].service`;
    const on = idBeside(id, service);
    const isKnown = stored?.dependsOn.some((each) => each.service === service) === true;
    if (!exists(on)) return isKnown ? [] : [{ path, message: `there is no service ${on}` }];
    const circle = pathTo(id, on, dependenciesOf);
    if (circle === undefined) return [];
    return [{ path, message: `depends on itself: ${[id, ...circle].join(' → ')}` }];
  });
}

/** The way from one service over its dependencies to another, if there is one. */
function pathTo(
  goal: string,
  from: string,
  next: (service: string) => readonly string[],
): readonly string[] | undefined {
  const seen = new Set<string>();
  const walk = (at: string): readonly string[] | undefined => {
    if (at === goal) return [at];
    if (seen.has(at)) return undefined;
    seen.add(at);
    for (const each of next(at)) {
      const rest = walk(each);
      if (rest !== undefined) return [at, ...rest];
    }
    return undefined;
  };
  return walk(from);
}

function publishedPorts(views: Views, except: string): Map<string, string> {
  const taken = new Map<string, string>();
  for (const { value } of views.of('service').all()) {
    const id = idOf(value.meta);
    if (id === except) continue;
    for (const port of value.spec.template.ports) {
      if (port.mode === 'ingress' && port.published) taken.set(`${port.protocol}:${port.published}`, id);
    }
  }
  return taken;
}
