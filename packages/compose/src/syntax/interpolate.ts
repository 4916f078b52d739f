/** What came of a text with variables. */
export interface Interpolated {
  readonly text: string;
  /** Variables that are not set and have no default: an empty text stands for them. */
  readonly unset: readonly string[];
  /** Why there is no text: `${A:?why}`, or a mistake in the text. */
  readonly problem?: string;
}

type Lookup = (name: string) => string | undefined;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*/;
const OPERATOR = /^(:-|-|:\?|\?|:\+|\+)/;

/** The text cannot be interpolated. */
class Mistake extends Error {}

/**
 * Replaces `$A`, `${A}`, `${A:-default}`, `${A-default}`, `${A:?why}`, `${A?why}`, `${A:+other}`, `${A+other}`, nested as
 * one likes. `$$` stands for a dollar; a dollar that begins no variable stays as it is.
 */
export function interpolate(text: string, lookup: Lookup): Interpolated {
  const unset: string[] = [];
  try {
    return { text: expand(text, lookup, unset), unset };
  } catch (error) {
    if (error instanceof Mistake) return { text: '', unset, problem: error.message };
    throw error;
  }
}

function expand(text: string, lookup: Lookup, unset: string[]): string {
  let result = '';
  let at = 0;
  for (;;) {
    const dollar = text.indexOf('$', at);
    if (dollar === -1) return result + text.slice(at);
    result += text.slice(at, dollar);
    const rest = text.slice(dollar + 1);
    if (rest.startsWith('$')) {
      result += '$';
      at = dollar + 2;
    } else if (rest.startsWith('{')) {
      const end = closing(text, dollar);
      result += braced(text.slice(dollar + 2, end), lookup, unset);
      at = end + 1;
    } else {
      const name = NAME.exec(rest)?.[0];
      result += name === undefined ? '$' : value(name, lookup, unset);
      at = dollar + 1 + (name?.length ?? 0);
    }
  }
}

/** Where the brace closes that opens after the dollar; braces within count in pairs. */
function closing(text: string, dollar: number): number {
  let depth = 0;
  for (let at = dollar + 1; at < text.length; at++) {
    if (text[at] === '{') depth++;
    if (text[at] === '}' && --depth === 0) return at;
  }
  throw new Mistake(`"${text.slice(dollar)}" has no closing brace (write $$ for a dollar sign)`);
}

function braced(content: string, lookup: Lookup, unset: string[]): string {
  const name = NAME.exec(content)?.[0];
  const rest = content.slice(name?.length ?? 0);
  const operator = OPERATOR.exec(rest)?.[0];
  if (name === undefined || (rest !== '' && operator === undefined)) {
    throw new Mistake(`"\${${content}}" is no variable (write $$ for a dollar sign)`);
  }
  if (operator === undefined) return value(name, lookup, unset);
  const word = rest.slice(operator.length);
  const found = lookup(name);
  const there = operator.startsWith(':') ? found !== undefined && found !== '' : found !== undefined;
  if (operator.endsWith('+')) return there ? expand(word, lookup, unset) : '';
  if (there) return found as string;
  if (operator.endsWith('-')) return expand(word, lookup, unset);
  const why = expand(word, lookup, unset);
  throw new Mistake(`the variable "${name}" has to be set${why === '' ? '' : `: ${why}`}`);
}

function value(name: string, lookup: Lookup, unset: string[]): string {
  const found = lookup(name);
  if (found === undefined && !unset.includes(name)) unset.push(name);
  return found ?? '';
}
