import { convertLogged } from '../../src/convert/convert-project.ts';
import type { ComposeProject } from '../../src/index.ts';
import { join, Log } from '../../src/model/log.ts';
import type { Place, Tree } from '../../src/model/tree.ts';
import { parseYaml } from '../../src/syntax/parse-yaml.ts';

interface Leaf {
  readonly path: string;
  readonly at: Place;
}

/** Every value a person wrote into a file: texts, numbers, and empty collections. */
function leavesOf(tree: Tree, path: string): readonly Leaf[] {
  if (tree.kind === 'dict' && tree.entries.size > 0) {
    return [...tree.entries].flatMap(([key, { value }]) => leavesOf(value, join(path, key)));
  }
  if (tree.kind === 'list' && tree.items.length > 0) {
    return tree.items.flatMap((item, index) => leavesOf(item, join(path, index)));
  }
  return [{ path, at: tree.at }];
}

function placeOf({ source, line, column }: Place): string {
  return `${source.file}:${line}:${column}`;
}

/**
 * The leaves of a file that were ignored: not read by a converter, not harmless by the table, not named in a problem,
 * not an extension field, not in a service whose profiles are inactive. There should be none.
 */
export function unaccounted(project: ComposeProject, file: string, text: string): readonly string[] {
  const log = new Log();
  convertLogged(project, log);
  const seen = new Set([...log.seen].map(({ at }) => placeOf(at)));
  for (const { file, line, column } of [...log.problems, ...project.notes])
    seen.add(`${file}:${line}:${column}`);
  const source = { file, directory: '.', variables: new Map<string, string>() };
  const inactive = project.inactive.map((name) => `${join('services', name)}.`);
  return leavesOf(parseYaml(text, source, new Log()), '')
    .filter(({ at }) => !seen.has(placeOf(at)))
    .filter(({ path }) => !/(^|\.)x-/.test(path) && !inactive.some((prefix) => path.startsWith(prefix)))
    .map(({ path, at }) => `${placeOf(at)} ${path}`);
}
