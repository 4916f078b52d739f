/** The words of a command, or the reason why it cannot be split. */
export type Words = { readonly words: readonly string[] } | { readonly problem: string };

/**
 * Splits a command as a POSIX shell does, without any other shell features: quotes and backslashes are removed;
 * variables, globs and operators remain text.
 */
export function splitCommand(text: string): Words {
  const words: string[] = [];
  let word: string | undefined;
  let quote: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] as string;
    const next = text[at + 1];
    if (quote === "'") {
      if (char === "'") quote = undefined;
      else word += char;
    } else if (char === '\\') {
      if (next === undefined) return { problem: 'ends in a backslash' };
      at++;
      // Between double quotes a backslash is an ordinary character, except before these.
      const kept = quote === '"' && !'"\\$`\n'.includes(next);
      if (next !== '\n') word = `${word ?? ''}${kept ? '\\' : ''}${next}`;
    } else if (quote === '"') {
      if (char === '"') quote = undefined;
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = `${word ?? ''}${char}`;
  }
  if (quote !== undefined) return { problem: `the quote ${quote} is not closed` };
  if (word !== undefined) words.push(word);
  return { words };
}
