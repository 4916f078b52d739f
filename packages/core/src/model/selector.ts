import { GantryError } from '../errors.ts';

/** A parsed selector: returns whether an object matches. */
export type Selector = (read: (key: string) => string | undefined) => boolean;

/** Maximum length of a selector, in characters. */
export const MAX_SELECTOR_LENGTH = 4096;

interface Term {
  readonly key: string;
  /** The values one of which the key must have (or must not have); absent: whether the key exists at all. */
  readonly values?: readonly string[];
  readonly wanted: boolean;
}

/**
 * Parses a selector in Kubernetes's notation: `app=web,tier!=x,zone in (a,b),!legacy,env`. An empty text selects all.
 * Parsing takes linear time.
 *
 * @throws `INVALID_OBJECT` naming the term that could not be parsed, and for a selector of more than 4,096 characters.
 */
export function parseSelector(text: string): Selector {
  if (text.length > MAX_SELECTOR_LENGTH) {
    throw invalidSelector(
      `selector of ${text.length} characters: expected at most ${MAX_SELECTOR_LENGTH}`,
      `expected at most ${MAX_SELECTOR_LENGTH} characters, got ${text.length}`,
    );
  }
  if (text.trim() === '') return () => true;
  const terms = [...new Set(split(text))].map(parseTerm);
  // An object that lacks a wanted label is the common case: those terms decide first.
  const ordered = [...terms.filter(({ wanted }) => wanted), ...terms.filter(({ wanted }) => !wanted)];
  const checks = ordered.map(checkOf);
  return (read) => checks.every((check) => check(read));
}

function checkOf({ key, values, wanted }: Term): Selector {
  if (values === undefined) return (read) => (read(key) !== undefined) === wanted;
  const [first, ...more] = values;
  if (more.length === 0) return (read) => (read(key) === first) === wanted;
  const set = new Set(values);
  return (read) => {
    const value = read(key);
    return (value !== undefined && set.has(value)) === wanted;
  };
}

/** The terms between commas; a comma inside parentheses separates values. */
function split(text: string): string[] {
  const terms: string[] = [];
  let from = 0;
  let inside = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '(') inside = true;
    else if (character === ')') inside = false;
    else if (character === ',' && !inside) {
      terms.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  terms.push(text.slice(from).trim());
  return terms;
}

const KEY = /^[A-Za-z0-9_./-]+/;
const OPERATOR = /^(?:==|=|!=)/;
const SET_OPERATOR = /^(in|notin)(?=[\s(])/;
const VALUE = /^[^\s(),!=]*$/;

function parseTerm(term: string): Term {
  const negated = term.startsWith('!');
  const body = negated ? term.slice(1).trimStart() : term;
  const key = KEY.exec(body)?.[0];
  if (key === undefined) throw unparsable(term);
  const afterKey = body.slice(key.length);
  const rest = afterKey.trimStart();
  if (rest === '') return { key, wanted: !negated };
  if (negated) throw unparsable(term);
  const operator = OPERATOR.exec(rest)?.[0];
  if (operator !== undefined) {
    const value = rest.slice(operator.length).trim();
    if (!VALUE.test(value)) throw unparsable(term);
    return { key, values: [value], wanted: operator !== '!=' };
  }
  const word = afterKey === rest ? undefined : SET_OPERATOR.exec(rest)?.[1];
  const list = word === undefined ? '' : rest.slice(word.length).trim();
  if (!list.startsWith('(') || list.indexOf(')') !== list.length - 1) throw unparsable(term);
  const values = list
    .slice(1, -1)
    .split(',')
    .map((value) => value.trim());
  return { key, values, wanted: word === 'in' };
}

function unparsable(term: string): GantryError {
  const shown = term.length > 80 ? `${term.slice(0, 80)}…` : term;
  return invalidSelector(`selector term "${shown}" could not be parsed`, `could not parse "${shown}"`);
}

function invalidSelector(text: string, message: string): GantryError {
  return new GantryError('INVALID_OBJECT', text, { issues: [{ path: 'selector', message }] });
}

/** Returns a reader of a dotted path such as `spec.node` as text, for field selectors. */
export function fieldReader(path: string): (object: unknown) => string | undefined {
  const segments = path.split('.');
  return (object) => {
    let value = object;
    for (const segment of segments) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, segment)) return undefined;
      value = (value as Record<string, unknown>)[segment];
    }
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : undefined;
  };
}

/** Reads a dotted path such as `spec.node` as text, for field selectors. */
export function readField(object: unknown, path: string): string | undefined {
  return fieldReader(path)(object);
}
