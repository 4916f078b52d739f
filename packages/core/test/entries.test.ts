import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import manifest from '../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../../..', import.meta.url));
const src = join(root, 'packages/core/src');

/** Maximum number of names that a plugin author finds in `@gantry/core`. */
const MAX_MAIN_NAMES = 60;

/** Places of files, the bottom floor first. A file may import from its own folder and from the floors below. */
const FLOORS: readonly (readonly string[])[] = [
  ['errors.ts', 'path-of.ts', 'plugin.ts', 'standard-schema.ts', 'token.ts', 'version.ts'],
  ['model'],
  ['api'],
  ['contracts'],
  ['primitives', 'protocol'],
  ['index.ts'],
];

const placeOf = (file: string): string => relative(src, file).split('/')[0] ?? '';
const floorOf = (file: string): number => FLOORS.findIndex((places) => places.includes(placeOf(file)));

const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);

const specifierOf = (node: ts.Node): string | undefined =>
  (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) &&
  node.moduleSpecifier !== undefined &&
  ts.isStringLiteral(node.moduleSpecifier)
    ? node.moduleSpecifier.text
    : undefined;

const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) &&
  ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true;

function declaredNames(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const { name } = statement as ts.Statement & { readonly name?: ts.Identifier };
  return name === undefined ? [] : [name.text];
}

interface ExportedName {
  readonly name: string;
  /** Its name where it is declared. */
  readonly declared: string;
}

/** The names that a module exports, those of `export *` included. */
function exportsOf(file: string): readonly ExportedName[] {
  return parse(file).statements.flatMap((statement): readonly ExportedName[] => {
    if (!ts.isExportDeclaration(statement)) {
      return isExported(statement) ? declaredNames(statement).map((name) => ({ name, declared: name })) : [];
    }
    if (statement.exportClause === undefined)
      return exportsOf(join(dirname(file), specifierOf(statement) ?? ''));
    if (!ts.isNamedExports(statement.exportClause)) return [];
    return statement.exportClause.elements.map(({ name, propertyName }) => ({
      name: name.text,
      declared: (propertyName ?? name).text,
    }));
  });
}

const entries = Object.entries(manifest.exports).map(([key, target]) => ({
  entry: key,
  file: join(root, 'packages/core', target['@gantry/source']),
}));

const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file) => join(src, file));

/** The names that exported declarations of core mention in their types. */
function mentioned(): ReadonlySet<string> {
  const names = new Set<string>();
  for (const statement of sources.flatMap((file) => [...parse(file).statements])) {
    if (!isExported(statement)) continue;
    const own = declaredNames(statement);
    const visit = (node: ts.Node): void => {
      const name = ts.isTypeReferenceNode(node)
        ? node.typeName.getText()
        : ts.isExpressionWithTypeArguments(node)
          ? node.expression.getText()
          : undefined;
      if (name !== undefined && !own.includes(name)) names.add(name);
      ts.forEachChild(node, visit);
    };
    visit(statement);
  }
  return names;
}

/** The names of core that code outside of it imports, by TypeScript files of the repository. */
function imported(): ReadonlySet<string> {
  const names = new Set<string>();
  const read = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !/^(node_modules|dist|\..*)$/.test(entry.name) && path !== src) read(path);
      if (!/\.(ts|mjs)$/.test(entry.name)) continue;
      const text = readFileSync(path, 'utf8');
      for (const [, list] of text.matchAll(/\{([^{}]*)\}\s*from\s*'@gantry\/core[\w/-]*'/g)) {
        for (const name of list?.match(/[A-Za-z]\w*/g) ?? []) names.add(name);
      }
      const dynamic = /\{ ([\w, ]+) \} = await import\('@gantry\/core/g;
      for (const [, list] of text.matchAll(dynamic))
        for (const name of list?.split(', ') ?? []) names.add(name);
    }
  };
  for (const folder of ['packages', 'plugins', 'examples', 'bench', 'tests', 'scripts'])
    read(join(root, folder));
  return names;
}

describe('the entry points of core', () => {
  test(`export at most ${MAX_MAIN_NAMES} names from the main one`, () => {
    const names = entries.filter(({ entry }) => entry === '.').flatMap(({ file }) => exportsOf(file));
    expect(names.length).toBeGreaterThan(0);
    expect(names.length).toBeLessThanOrEqual(MAX_MAIN_NAMES);
  });

  test('export each name once', () => {
    const homes = new Map<string, string[]>();
    for (const { entry, file } of entries) {
      for (const { name } of exportsOf(file)) homes.set(name, [...(homes.get(name) ?? []), entry]);
    }
    expect([...homes].filter(([, among]) => among.length > 1)).toEqual([]);
  });

  test('export no name that is neither imported outside of core nor part of an exported signature', () => {
    const used = imported();
    const inTypes = mentioned();
    const idle = entries
      .flatMap(({ file }) => exportsOf(file))
      .filter(({ name, declared }) => !used.has(name) && !inTypes.has(declared));
    expect(idle).toEqual([]);
  });
});

describe('the source files of core', () => {
  test('lie on a floor, and import only from their own folder and from the floors below', () => {
    const wrong = sources.flatMap((file) => {
      const own = floorOf(file);
      if (own < 0) return [`${relative(src, file)} lies on no floor`];
      return parse(file)
        .statements.map(specifierOf)
        .filter((specifier) => specifier?.startsWith('.'))
        .map((specifier) => join(dirname(file), specifier ?? ''))
        .filter((target) => {
          const other = floorOf(target);
          // The bottom has no folder: its files may import each other.
          return other > own || (other === own && own > 0 && placeOf(target) !== placeOf(file));
        })
        .map((target) => `${relative(src, file)} imports ${relative(src, target)}`);
    });
    expect(wrong).toEqual([]);
  });

  test('are few that the main entry loads: no schema, no dependency', () => {
    const loaded = new Set<string>();
    const load = (file: string): void => {
      if (loaded.has(file)) return;
      loaded.add(file);
      for (const statement of parse(file).statements) {
        const specifier = specifierOf(statement);
        if (specifier === undefined || isTypeOnly(statement)) continue;
        if (specifier.startsWith('.')) load(join(dirname(file), specifier));
        else loaded.add(join(src, specifier));
      }
    };
    const isTypeOnly = (node: ts.Node): boolean =>
      ts.isImportDeclaration(node)
        ? node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
        : ts.isExportDeclaration(node) && node.isTypeOnly;
    load(join(src, 'index.ts'));
    expect([...loaded].map((file) => relative(src, file)).sort()).toEqual([
      'contracts/tokens.ts',
      'errors.ts',
      'index.ts',
      'path-of.ts',
      'plugin.ts',
      'token.ts',
      'version.ts',
    ]);
  });
});
