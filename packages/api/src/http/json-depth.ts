const [QUOTE, BACKSLASH, OPEN, CLOSE, OPEN_BRACE, CLOSE_BRACE] = [34, 92, 91, 93, 123, 125];

/** Whether a JSON text nests deeper than `limit`. Checked before parsing, to protect recursive code. */
export function isDeeper(text: string, limit: number): boolean {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (quoted) {
      if (character === BACKSLASH) at++;
      else if (character === QUOTE) quoted = false;
    } else if (character === QUOTE) quoted = true;
    else if (character === OPEN || character === OPEN_BRACE) {
      if (++depth > limit) return true;
    } else if (character === CLOSE || character === CLOSE_BRACE) depth--;
  }
  return false;
}
