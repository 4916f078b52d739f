/** One route of an OpenAPI document. */
export interface Operation {
  readonly method: string;
  readonly path: string;
  /** Needs no token. */
  readonly open: boolean;
  readonly websocket: boolean;
  readonly query: readonly { readonly name: string; readonly schema: object; readonly required: boolean }[];
  /** The schema of its body, resolved. */
  readonly body: object | undefined;
}

interface Document {
  readonly paths: Record<string, Record<string, RawOperation>>;
  readonly components: { readonly schemas: Record<string, object> };
}

interface RawOperation {
  readonly security?: readonly object[];
  readonly 'x-websocket'?: string;
  readonly parameters: readonly { name: string; in: string; schema: object; required: boolean }[];
  readonly requestBody?: { readonly content: Record<string, { readonly schema: object }> };
}

export async function allOperations(url: string): Promise<readonly Operation[]> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as Document;
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const schema = Object.values(operation.requestBody?.content ?? {})[0]?.schema;
      return {
        method: method.toUpperCase(),
        path,
        open: operation.security?.length === 0,
        websocket: operation['x-websocket'] !== undefined,
        query: operation.parameters.filter((each) => each.in === 'query'),
        body: schema === undefined ? undefined : (resolve(schema, document) as object),
      };
    }),
  );
}

/** The path of an operation with its parameters filled in. */
export function urlOf({ path }: Operation, { namespace = 'default', name = 'web' } = {}): string {
  return path.replace('{namespace}', namespace).replace('{name}', name);
}

/** Puts what is pointed at in the place of the pointer. */
function resolve(value: unknown, document: Document): unknown {
  if (Array.isArray(value)) return value.map((each) => resolve(each, document));
  if (typeof value !== 'object' || value === null) return value;
  const { $ref } = value as { readonly $ref?: string };
  if ($ref !== undefined) return resolve(document.components.schemas[$ref.split('/').at(-1) ?? ''], document);
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, resolve(each, document)]));
}
