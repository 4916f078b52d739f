import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { read, root } from './documents.ts';

/**
 * The code a snippet names: a whole file (`plugins/x/src/index.ts`), the lines between `// #region name` and `//
 * #endregion name` (`plugins/x/src/index.ts#name`), or one declaration with its comment
 * (`plugins/x/src/store.ts#memoryStore`).
 */
export function snippet(source: string): string {
  const [file = '', name] = source.split('#');
  if (!existsSync(join(root, file))) throw new Error(`snippet ${source}: there is no such file`);
  const text = read(file);
  if (name === undefined) return text.trimEnd();
  const region = regionOf(text, name);
  if (region !== undefined) return region;
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = tree.statements.find((statement) => namesOf(statement).includes(name));
  if (found === undefined)
    throw new Error(`snippet ${source}: the file has no region and no declaration ${name}`);
  return text.slice(found.getStart(tree, true), found.end);
}

function regionOf(text: string, name: string): string | undefined {
  const lines = text.split('\n');
  const from = lines.indexOf(`// #region ${name}`);
  const to = lines.indexOf(`// #endregion ${name}`);
  return from < 0 || to < from ? undefined : lines.slice(from + 1, to).join('\n');
}

function namesOf(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const named =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isInterfaceDeclaration(statement) ||
    ts.isTypeAliasDeclaration(statement);
  return named && statement.name !== undefined ? [statement.name.text] : [];
}
