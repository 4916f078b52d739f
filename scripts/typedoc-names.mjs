/** A typedoc plugin: every entry point is called as it is imported, `@gantry/core`, `@gantry/testing/vitest`. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { Converter, ReflectionKind } from 'typedoc';

/**
 * @param {string} file the source of an entry point
 * @returns {string | undefined}
 */
function importName(file) {
  let folder = dirname(file);
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) return undefined;
    folder = dirname(folder);
  }
  const pkg = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const source = `./${relative(folder, file)}`;
  const entry = Object.entries(pkg.exports ?? {}).find(([, target]) => target['@gantry/source'] === source);
  return entry && join(pkg.name, entry[0]);
}

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    const file = context.getSymbolFromReflection(reflection)?.declarations?.[0]?.getSourceFile().fileName;
    const name = file && importName(file);
    if (name) reflection.name = name;
  });
}
