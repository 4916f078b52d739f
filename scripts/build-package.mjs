/**
 * Builds the package in the current folder into dist, as its tsconfig.json says. It is tsc with three additions: dist is
 * emptied first; relative specifiers end in `.js` in declarations too (tsc rewrites them in code only); the licence is
 * laid beside, for npm to pack.
 */
import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

const folder = process.cwd();
const host = {
  getCanonicalFileName: (/** @type {string} */ name) => name,
  getCurrentDirectory: () => folder,
  getNewLine: () => '\n',
};

/** @param {readonly ts.Diagnostic[]} diagnostics */
function stopOn(diagnostics) {
  if (diagnostics.length === 0) return;
  console.error(ts.formatDiagnosticsWithColorAndContext(diagnostics, host));
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

const config = ts.getParsedCommandLineOfConfigFile(
  join(folder, 'tsconfig.json'),
  {},
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: (diagnostic) => stopOn([diagnostic]),
  },
);
if (config === undefined) throw new Error(`no tsconfig.json in ${folder}`);
stopOn(config.errors);
rmSync(join(folder, 'dist'), { recursive: true, force: true });
const program = ts.createProgram(config.fileNames, config.options);
stopOn(ts.getPreEmitDiagnostics(program));
stopOn(
  program.emit(undefined, undefined, undefined, false, { afterDeclarations: [specifiersOfDeclarations] })
    .diagnostics,
);
copyFileSync(join(import.meta.dirname, '../LICENSE'), join(folder, 'LICENSE'));
