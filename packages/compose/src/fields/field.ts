/** How a field of the Compose Specification is treated. */
export type Field =
  /** Read and applied; a value that cannot be applied is reported. */
  | { readonly how: 'honoured' }
  /** Accepted silently, because nothing is lost. */
  | { readonly how: 'harmless'; readonly why: string }
  /** Accepted and reported, because nothing that runs is affected. */
  | { readonly how: 'noted'; readonly why: string }
  /** Rejected, unless its value has no effect: null, empty, or one of `except`. */
  | { readonly how: 'refused'; readonly why: string; readonly except: readonly string[] };

/**
 * Treatment by path: `ports[].target`, `networks.*.aliases`. Values below a field that is not honoured are treated like
 * the field.
 */
export type Fields = Readonly<Record<string, Field>>;

export const honoured: Field = Object.freeze({ how: 'honoured' });

export function harmless(why: string): Field {
  return { how: 'harmless', why };
}

export function noted(why: string): Field {
  return { how: 'noted', why };
}

export function refused(why: string, ...except: readonly string[]): Field {
  return { how: 'refused', why, except };
}

/** Prefixes the paths of a table. */
export function below(path: string, fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [`${path}.${key}`, field]));
}
