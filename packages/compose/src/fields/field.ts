/** What becomes of a field of the Compose Specification. */
export type Field =
  /** Read, and done as it says; where a value cannot be done, that value is named. */
  | { readonly how: 'honoured' }
  /** Accepted in silence, because nothing is lost. */
  | { readonly how: 'harmless'; readonly why: string }
  /** Accepted and told, because nothing that runs is lost. */
  | { readonly how: 'noted'; readonly why: string }
  /** Refused, unless its value asks for nothing: null, empty, or one of `except`. */
  | { readonly how: 'refused'; readonly why: string; readonly except: readonly string[] };

/** By path: `ports[].target`, `networks.*.aliases`. What is below a field that is not honoured shares its fate. */
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

/** Sets a table below a path. */
export function below(path: string, fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).map(([key, field]) => [`${path}.${key}`, field]));
}
