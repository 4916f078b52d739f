import { GantryError } from '@gantry/core';
import { CORE_KINDS, type Kind, type KindInfo, parseId } from '@gantry/core/model';

type KindPath = Pick<KindInfo, 'kind' | 'plural' | 'namespaced'>;

/** The paths of the objects of each kind: the core's are built in, those of plugins are requested once. */
export class KindTable {
  readonly #ask: () => Promise<readonly KindInfo[]>;
  #kinds: ReadonlyMap<string, KindPath> = new Map(CORE_KINDS.map((each) => [each.kind, each]));

  constructor(ask: () => Promise<readonly KindInfo[]>) {
    this.#ask = ask;
  }

  /** @throws `NOT_FOUND` for a kind that is unknown to the cluster as well. */
  async of(kind: string): Promise<KindPath> {
    const known = this.#kinds.get(kind);
    if (known !== undefined) return known;
    this.#kinds = new Map([...this.#kinds, ...(await this.#ask()).map((each) => [each.kind, each] as const)]);
    const found = this.#kinds.get(kind);
    if (found === undefined) throw new GantryError('NOT_FOUND', `unknown kind ${JSON.stringify(kind)}`);
    return found;
  }

  async object(kind: Kind, id: string): Promise<string> {
    const definition = await this.of(kind);
    const { namespace, name } = definition.namespaced ? parseId(id) : { namespace: '', name: id };
    // An empty or odd id matches no route, so the server could not report it.
    if (name === '' || name === '.' || name === '..' || (definition.namespaced && namespace === '')) {
      throw new GantryError('NOT_FOUND', `${kind} ${JSON.stringify(id)} not found`);
    }
    return `${pathOf(definition, definition.namespaced ? namespace : undefined)}/${encodeURIComponent(name)}`;
  }

  async collection(kind: Kind, namespace: string | undefined): Promise<string> {
    const definition = await this.of(kind);
    return pathOf(definition, definition.namespaced ? namespace : undefined);
  }
}

function pathOf({ plural }: KindPath, namespace: string | undefined): string {
  return namespace === undefined
    ? `/v1/${plural}`
    : `/v1/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}
