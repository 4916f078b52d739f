const ASCII = /^[\x20-\x7e]*$/;
/**
 * Colours and styles that Gantry itself uses, then characters that must not reach a terminal: control characters and
 * changes of text direction.
 */
const SPECIAL =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach the terminal
  /\u001b\[(?:[0-4]|7|9|2[2-479]|[34][0-79]|9[0-7]|10[0-7])m|[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: as above
const CLOSES = /\u001b\[(?:0|2[2-479]|[34]9)m$/;
const RESET = '\u001b[0m';

/** Replaces characters that would move the cursor or change the terminal; colours are kept. */
export function safe(text: string): string {
  if (ASCII.test(text)) return text;
  return text.replace(SPECIAL, (found) => (found.length > 1 ? found : found === '\t' ? '  ' : '·'));
}

/** Splits a text into lines that are safe for a terminal; a colour ends with its line. */
export function safeLines(text: string): readonly string[] {
  if (ASCII.test(text)) return [text];
  return text.split(/\r?\n/).map((line) => {
    const shown = safe(line);
    return shown.includes('\u001b') && !CLOSES.test(shown) ? shown + RESET : shown;
  });
}
