import { isGantryError } from '@gantry/core';
import { type AnyInput, validateInput } from '@gantry/core/model';
import { checkFields, shapeOf } from '../fields/check-fields.ts';
import { FIELDS } from '../fields/fields.ts';
import type { ComposeProject } from '../load/project.ts';
import { Cursor } from '../model/cursor.ts';
import { Log } from '../model/log.ts';
import { inOrder, type Problem, refused } from '../model/problem.ts';
import { type Dict, isNull } from '../model/tree.ts';
import { refuseCycles } from './dependencies.ts';
import { serviceNames, stackName } from './names.ts';
import { networkObjects, networksOf } from './networks.ts';
import { serviceOf } from './service.ts';
import type { Dialect, Stack } from './stack.ts';

/** Options of `convertProject`. */
export interface ConvertOptions {
  /**
   * Omits what Gantry does not support and reports it as a warning, instead of rejecting the project (default: false).
   * Invalid input is still rejected.
   */
  readonly lenient?: boolean;
  /** Which defaults apply (default: `compose`); `swarm` selects those of `docker stack deploy`. */
  readonly dialect?: Dialect;
  /** Namespace of the objects (default: Gantry's default namespace). */
  readonly namespace?: string;
}

/** A Compose project as Gantry's objects. */
export interface ConvertedProject {
  /** Name of the stack; all objects carry it in the label `gantry.stack`. */
  readonly name: string;
  /** Networks come first, since services refer to them. */
  readonly objects: readonly AnyInput[];
  /** Notes and, with `lenient`, what was omitted. */
  readonly warnings: readonly Problem[];
}

/**
 * Converts a Compose project to Gantry's objects. Pure: the same project yields the same objects.
 * @throws `INVALID_OBJECT` with every problem and its place.
 */
export function convertProject(project: ComposeProject, options: ConvertOptions = {}): ConvertedProject {
  const log = new Log();
  const { name, objects } = convertLogged(project, log, options);
  const all = inOrder([...project.notes, ...log.problems]);
  const severe = all.filter(
    ({ severity }) => severity === 'invalid' || (severity === 'unsupported' && options.lenient !== true),
  );
  if (severe.length > 0) throw refused(`compose project "${project.name}"`, severe);
  return { name, objects, warnings: all };
}

/** Does the same, but leaves all problems in the log. */
export function convertLogged(
  project: ComposeProject,
  log: Log,
  { namespace, dialect = 'compose' }: Pick<ConvertOptions, 'namespace' | 'dialect'> = {},
): { readonly name: string; readonly objects: readonly AnyInput[] } {
  const model = inForce(project);
  checkFields(model, shapeOf(FIELDS), '', log);
  const root = new Cursor(model, '', log);
  const name = stackName(project.name);
  const entries = root.get('services')?.entries() ?? [];
  const services = new Map(entries.filter(([, { tree }]) => tree.kind === 'dict' || isNull(tree)));
  if (entries.length === 0) root.invalid('the file has no enabled service');
  const stack: Stack = {
    project,
    log,
    dialect,
    name,
    services,
    names: serviceNames(name, services),
    networks: networksOf(root, name),
  };
  const converted = [...services].map(([key, service]) => serviceOf(service, key, stack, namespace));
  refuseCycles(services);
  const joined = new Set(converted.flatMap(({ spec }) => (spec.template.networks ?? []).map(nameOf)));
  const networks = networkObjects(stack, joined, namespace);
  for (const network of networks) {
    const cursor = [...stack.networks.values()].find((one) => one.name === network.meta.name)?.cursor ?? root;
    try {
      validateInput(network);
    } catch (error) {
      if (!isGantryError(error, 'INVALID_OBJECT')) throw error;
      for (const { path, message } of error.issues) cursor.invalid(`${path}: ${message}`);
    }
  }
  tickOff(root);
  return { name, objects: [...networks, ...converted] };
}

/** Marks as read what the loader has already processed. */
function tickOff(root: Cursor): void {
  for (const key of ['name', 'include']) {
    const read = root.get(key);
    if (read !== undefined) read.log.cover(read.tree);
  }
  for (const [, service] of root.get('services')?.entries() ?? []) {
    for (const key of ['extends', 'profiles']) {
      const read = service.tree.kind === 'dict' ? service.get(key) : undefined;
      if (read !== undefined) read.log.cover(read.tree);
    }
  }
}

/** Returns the document without services whose profiles are inactive: these are not checked. */
function inForce(project: ComposeProject): Dict {
  const { model, inactive } = project;
  const services = model.entries.get('services');
  if (services === undefined || services.value.kind !== 'dict' || isNull(services.value)) return model;
  const entries = new Map([...services.value.entries].filter(([key]) => !inactive.includes(key)));
  const value: Dict = { ...services.value, entries };
  return { ...model, entries: new Map([...model.entries, ['services', { ...services, value }]]) };
}

function nameOf(network: string | { readonly name: string }): string {
  return typeof network === 'string' ? network : network.name;
}
