/** Returns a path as text: `['ports', 1, 'target']` → `ports[1].target`; an empty or absent path is `''`. */
export function pathOf(path: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined): string {
  let text = '';
  for (const segment of path ?? []) {
    const key = typeof segment === 'object' ? segment.key : segment;
    text += typeof key === 'number' ? `[${key}]` : text === '' ? String(key) : `.${String(key)}`;
  }
  return text;
}
