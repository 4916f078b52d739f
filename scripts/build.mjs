/**
 * Builds every package and plugin into its dist: one program of TypeScript over all sources, as parsing and checking
 * them once per package takes six times as long. It is tsc with these additions: each dist is emptied first; relative
 * specifiers end in `.js` in declarations too (tsc rewrites them in code only); the licence is laid beside, for npm to
 * pack; the program of the command line is bundled.
 */
import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import ts from 'typescript';
import { bundleProgram } from './bundle-program.mjs';

const root = dirname(import.meta.dirname);
const folders = ['packages', 'plugins'].flatMap((kind) =>
  readdirSync(join(root, kind))
    .map((name) => join(root, kind, name))
    .filter((folder) => existsSync(join(folder, 'package.json'))),
);
const formatHost = {
  getCanonicalFileName: (/** @type {string} */ name) => name,
  getCurrentDirectory: () => root,
  getNewLine: () => '\n',
};

/** @param {readonly ts.Diagnostic[]} diagnostics */
function stopOn(diagnostics) {
  if (diagnostics.length === 0) return;
  console.error(ts.formatDiagnosticsWithColorAndContext(diagnostics, formatHost));
  process.exit(1);
}

/** @type {ts.TransformerFactory<ts.SourceFile | ts.Bundle>} */
const specifiersOfDeclarations = (context) => (file) => {
  const { factory } = context;
  /** @param {ts.Expression} specifier */
  const rewritten = (specifier) =>
    ts.isStringLiteral(specifier) && /^\.{1,2}\/.*(?<!\.d)\.ts$/.test(specifier.text)
      ? factory.createStringLiteral(specifier.text.replace(/\.ts$/, '.js'), true)
      : specifier;
  /** @param {ts.Node} node @returns {ts.Node} */
  const visit = (node) => {
    const inner = ts.visitEachChild(node, visit, context);
    if (ts.isImportDeclaration(inner)) {
      const { modifiers, importClause, moduleSpecifier, attributes } = inner;
      return factory.updateImportDeclaration(
        inner,
        modifiers,
        importClause,
        rewritten(moduleSpecifier),
        attributes,
      );
    }
    if (ts.isExportDeclaration(inner) && inner.moduleSpecifier) {
      const { modifiers, isTypeOnly, exportClause, moduleSpecifier, attributes } = inner;
      const specifier = rewritten(moduleSpecifier);
      return factory.updateExportDeclaration(
        inner,
        modifiers,
        isTypeOnly,
        exportClause,
        specifier,
        attributes,
      );
    }
    // `import('./x.ts').X`, which tsc makes up where an inferred type has to be written out.
    if (
      ts.isImportTypeNode(inner) &&
      ts.isLiteralTypeNode(inner.argument) &&
      ts.isStringLiteral(inner.argument.literal)
    ) {
      const argument = factory.createLiteralTypeNode(
        /** @type {ts.StringLiteral} */ (rewritten(inner.argument.literal)),
      );
      const { attributes, qualifier, typeArguments, isTypeOf } = inner;
      return factory.updateImportTypeNode(inner, argument, attributes, qualifier, typeArguments, isTypeOf);
    }
    return inner;
  };
  return /** @type {ts.SourceFile} */ (ts.visitEachChild(file, visit, context));
};

/** Where what is made of `<package>/src/…` belongs: `<package>/dist/…`. @param {string} file */
const inDist = (file) => {
  const [kind, name, src, ...rest] = file.slice(root.length + 1).split(sep);
  if (src !== 'src') throw new Error(`${file} is not made of a source`);
  return join(root, /** @type {string} */ (kind), /** @type {string} */ (name), 'dist', ...rest);
};

/** A source map that lies in dist, of a source that does not. @param {string} file @param {string} text */
const moved = (file, text) => {
  const map = JSON.parse(text);
  const from = dirname(inDist(file));
  map.sources = map.sources.map((/** @type {string} */ one) => relative(from, join(dirname(file), one)));
  return JSON.stringify(map);
};

const config = ts.getParsedCommandLineOfConfigFile(
  join(root, 'tsconfig.build.json'),
  {},
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic: (diagnostic) => stopOn([diagnostic]) },
);
if (config === undefined) throw new Error(`no tsconfig.build.json in ${root}`);
stopOn(config.errors);
const program = ts.createProgram(config.fileNames, config.options);
stopOn(ts.getPreEmitDiagnostics(program));
for (const folder of folders) rmSync(join(folder, 'dist'), { recursive: true, force: true });
const { diagnostics } = program.emit(
  undefined,
  (file, text, mark) =>
    ts.sys.writeFile(inDist(file), file.endsWith('.map') ? moved(file, text) : text, mark),
  undefined,
  false,
  { afterDeclarations: [specifiersOfDeclarations] },
);
stopOn(diagnostics);
for (const folder of folders) copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
const files = await bundleProgram(join(root, 'packages/cli'));
console.log(`${folders.length} packages; the program of gantry in ${files} files`);
