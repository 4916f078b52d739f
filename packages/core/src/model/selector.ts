import { GantryError } from '../errors.ts';

/** A parsed selector: says whether an object has what was asked for. */
export type Selector = (read: (key: string) => string | undefined) => boolean;

const TERM =
  /^\s*(!)?\s*([A-Za-z0-9_./-]+)\s*(?:(==|=|!=|\s+in\s+|\s+notin\s+)\s*(?:\(([^)]*)\)|([^\s(),!=]*)))?\s*$/;

/**
 * Parses a selector in Kubernetes's notation: `app=web,tier!=x,zone in (a,b),!legacy,env`. An empty text selects all.
 *
 * @throws `INVALID_OBJECT` naming the term that could not be parsed.
 */
export function parseSelector(text: string): Selector {
  const terms = split(text).map(parseTerm);
  return (read) => terms.every((term) => term(read));
}

function split(text: string): string[] {
  return text.trim() === '' ? [] : text.split(/,(?![^(]*\))/);
}

function parseTerm(term: string): Selector {
  const match = TERM.exec(term);
  const [, not, key, rawOperator, list, single] = match ?? [];
  const operator = rawOperator?.trim();
  const takesList = operator === 'in' || operator === 'notin';
  if (
    key === undefined ||
    (operator !== undefined && (not !== undefined || takesList !== (list !== undefined)))
  ) {
    throw new GantryError('INVALID_OBJECT', `selector term "${term.trim()}" could not be parsed`, {
      issues: [{ path: 'selector', message: `could not parse "${term.trim()}"` }],
    });
  }
  if (operator === undefined) return (read) => (read(key) !== undefined) === (not === undefined);
  const values = new Set(takesList ? (list ?? '').split(',').map((value) => value.trim()) : [single ?? '']);
  const wanted = operator === '=' || operator === '==' || operator === 'in';
  return (read) => {
    const value = read(key);
    return (value !== undefined && values.has(value)) === wanted;
  };
}

/** Reads a dotted path such as `spec.node` as text, for field selectors. */
export function readField(object: unknown, path: string): string | undefined {
  let value = object;
  for (const segment of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
    value = (value as Record<string, unknown>)[segment];
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : undefined;
}
