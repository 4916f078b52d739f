import { GantryError, type Issue, type Views } from '@gantry/core';
import {
  type Declared,
  idOf,
  invalidObject,
  type Kind,
  type KindTable,
  type Reference,
  referenceKey,
} from '@gantry/core/model';

/** Maximum number of ids of a cycle shown in an error. */
const MAX_SHOWN = 20;

/** Objects that are applied together, by kind and id: a reference among them need not be stored yet. */
export type Companions = ReadonlyMap<string, Declared>;

/** Installed drivers by name, for each contract from which objects may choose. */
export type Drivers = Readonly<Record<'scheduler', readonly { readonly name: string }[]>>;

/** The objects of a list to which others of the list may refer. */
export function companionsIn(objects: readonly Declared[]): Companions {
  return new Map(objects.map((object) => [keyOf(object), object]));
}

/**
 * Checks objects against the rest of the cluster by the declarations of their kinds: their references, claims and
 * drivers. The cost depends on the object, not on the number of others.
 */
export class ObjectRelations {
  readonly #kinds: KindTable;
  readonly #views: Views;
  readonly #drivers: Drivers;

  constructor(kinds: KindTable, views: Views, drivers: Drivers) {
    this.#kinds = kinds;
    this.#views = views;
    this.#drivers = drivers;
  }

  /**
   * Checks that the objects referred to exist, without a cycle, that claims are free, and that drivers are installed.
   * An existing reference may have become invalid since: the object can still be changed otherwise.
   *
   * @throws `INVALID_OBJECT` with every problem.
   */
  check(object: Declared, companions: Companions = new Map()): void {
    const stored = this.#views.of(object.kind).get(idOf(object.meta))?.value;
    const issues = [
      ...this.#referenceIssues(object, stored, companions),
      ...this.#driverIssues(object, stored),
      ...this.#claimIssues(object),
    ];
    if (issues.length > 0) throw invalidObject(nameOf(object), issues);
  }

  /**
   * Checks objects to be applied together against each other: their names and claims.
   *
   * @throws `INVALID_OBJECT` with every problem; paths begin with the object's place in the list.
   */
  checkTogether(objects: readonly Declared[]): void {
    const issues: Issue[] = [];
    const seen = new Set<string>();
    const claim = (what: string, path: string): void => {
      if (seen.has(what)) issues.push({ path, message: `${what} occurs twice` });
      seen.add(what);
    };
    objects.forEach((object, index) => {
      claim(nameOf(object), `[${index}].meta.name`);
      for (const { name, path } of this.#kinds.get(object.kind)?.claims?.(object) ?? [])
        claim(name, `[${index}].${path}`);
    });
    if (issues.length > 0) throw invalidObject('objects', issues);
  }

  /** @throws `CONFLICT` while another object refers to this one and keeps it. */
  refuseDeletion(kind: Kind, id: string): void {
    const key = referenceKey({ kind, id });
    for (const definition of this.#kinds.values()) {
      if (definition.references === undefined) continue;
      for (const { value } of this.#views.of(definition.kind).by('references', key)) {
        const keeps = definition.references(value).some((each) => each.keeps && referenceKey(each) === key);
        if (keeps) throw new GantryError('CONFLICT', `${kind} ${id} is used by ${nameOf(value)}`);
      }
    }
  }

  #referenceIssues(object: Declared, stored: Declared | undefined, companions: Companions): Issue[] {
    const own = keyOf(object);
    const before = new Set(this.#references(stored).map(referenceKey));
    const find = (key: string, { kind, id }: Reference): Declared | undefined =>
      key === own ? object : (companions.get(key) ?? this.#views.of(kind).get(id)?.value);
    return this.#references(object).flatMap((reference): Issue[] => {
      const { kind, id, path } = reference;
      const key = referenceKey(reference);
      if (find(key, reference) === undefined)
        return before.has(key) ? [] : [{ path, message: `${kind} "${id}" not found` }];
      if (!reference.acyclic) return [];
      const circle = this.#wayBack(own, reference, find);
      if (circle === undefined) return [];
      return [{ path, message: `depends on itself: ${shown([idOf(object.meta), ...circle])}` }];
    });
  }

  /** Ids on the path from a reference back to an object, if there is one. */
  #wayBack(
    goal: string,
    from: Reference,
    find: (key: string, reference: Reference) => Declared | undefined,
  ): readonly string[] | undefined {
    interface Step {
      readonly at: Reference;
      readonly before: Step | undefined;
    }
    const seen = new Set<string>();
    const open: Step[] = [{ at: from, before: undefined }];
    for (let step = open.pop(); step !== undefined; step = open.pop()) {
      const key = referenceKey(step.at);
      if (key === goal) {
        const ids: string[] = [];
        for (let each: Step | undefined = step; each !== undefined; each = each.before) ids.push(each.at.id);
        return ids.reverse();
      }
      if (seen.has(key)) continue;
      seen.add(key);
      for (const at of this.#references(find(key, step.at))) if (at.acyclic) open.push({ at, before: step });
    }
    return undefined;
  }

  #driverIssues(object: Declared, stored: Declared | undefined): Issue[] {
    const read = this.#kinds.get(object.kind)?.drivers;
    if (read === undefined) return [];
    const before = stored === undefined ? [] : read(stored).map(({ name }) => name);
    return read(object).flatMap(({ contract, name, path }): Issue[] => {
      const installed = this.#drivers[contract].map((each) => each.name);
      if (installed.includes(name) || before.includes(name)) return [];
      return [{ path, message: `${contract} "${name}" not found; installed: ${installed.join(', ')}` }];
    });
  }

  #claimIssues(object: Declared): Issue[] {
    const own = keyOf(object);
    const claims = this.#kinds.get(object.kind)?.claims?.(object) ?? [];
    return claims.flatMap(({ name, path }): Issue[] => {
      for (const { kind, claims: others } of this.#kinds.values()) {
        if (others === undefined) continue;
        for (const { value } of this.#views.of(kind).by('claims', name))
          if (keyOf(value) !== own) return [{ path, message: `${name} belongs to ${nameOf(value)}` }];
      }
      return [];
    });
  }

  #references(object: Declared | undefined): readonly Reference[] {
    return object === undefined ? [] : (this.#kinds.get(object.kind)?.references?.(object) ?? []);
  }
}

/** A cycle as text, a long one by its beginning and end. */
function shown(circle: readonly string[]): string {
  const ids =
    circle.length <= MAX_SHOWN
      ? circle
      : [...circle.slice(0, MAX_SHOWN / 2), '…', ...circle.slice(-MAX_SHOWN / 2)];
  return ids.join(' → ');
}

function keyOf({ kind, meta }: Declared): string {
  return referenceKey({ kind, id: idOf(meta) });
}

function nameOf({ kind, meta }: Declared): string {
  return `${kind} ${idOf(meta)}`;
}
