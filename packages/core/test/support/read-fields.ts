import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** Type and description of each field below an interface, by path: `spec.ports[].target`. */
export type Fields = Map<string, readonly [type: string, text: string]>;

const src = fileURLToPath(new URL('../../src/model', import.meta.url));
const root = fileURLToPath(new URL('../../../..', import.meta.url));

/** The interface of each kind, and the one that all share. */
const SOURCES = {
  meta: ['meta.ts', 'ObjectMeta'],
  node: ['node.ts', 'Node'],
  service: ['service.ts', 'Service'],
  template: ['template.ts', 'Template'],
  task: ['task.ts', 'Task'],
  network: ['network.ts', 'Network'],
  event: ['event.ts', 'Event'],
} as const;

export type TableName = keyof typeof SOURCES;

/** Types that have a table of their own. */
const ELSEWHERE: readonly string[] = ['ObjectMeta', 'TemplateSpec'];

/** Reads the fields of every kind of the core from the comments of their interfaces. */
export function readFields(): ReadonlyMap<TableName, Fields> {
  const { config } = ts.readConfigFile(`${root}/tsconfig.base.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const files = Object.values(SOURCES).map(([file]) => `${src}/${file}`);
  const program = ts.createProgram(files, { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  return new Map(
    Object.entries(SOURCES).map(([name, [file, declared]]) => {
      const source = program.getSourceFile(`${src}/${file}`) as ts.SourceFile;
      const exports = checker.getExportsOfModule(checker.getSymbolAtLocation(source) as ts.Symbol);
      const symbol = exports.find((each) => each.name === declared) as ts.Symbol;
      const fields: Fields = new Map();
      collect(checker.getDeclaredTypeOfSymbol(symbol), '', fields, checker);
      const spec = exports.find((each) => each.name === 'TemplateSpec');
      if (name === 'template')
        collect(checker.getDeclaredTypeOfSymbol(spec as ts.Symbol), 'spec', fields, checker);
      return [name as TableName, fields] as const;
    }),
  );
}

function collect(type: ts.Type, path: string, fields: Fields, checker: ts.TypeChecker): void {
  for (const property of type.getProperties()) {
    const at = path === '' ? property.name : `${path}.${property.name}`;
    const own = checker.getNonNullableType(checker.getTypeOfSymbol(property));
    const text = ts
      .displayPartsToString(property.getDocumentationComment(checker))
      .replaceAll(/\{@link (\w+) *\}/g, '$1')
      .replaceAll(/\s+/g, ' ');
    // Members of a union of objects share a field if they have the same one.
    if (!fields.has(at)) fields.set(at, [typeText(own, checker), text]);
    below(own, at, fields, checker);
  }
}

function below(type: ts.Type, path: string, fields: Fields, checker: ts.TypeChecker): void {
  if (ELSEWHERE.includes(type.symbol?.name ?? '')) return;
  if (type.isUnion()) {
    for (const member of type.types) below(member, path, fields, checker);
  } else if (checker.isArrayType(type)) {
    below(elementOf(type, checker), `${path}[]`, fields, checker);
  } else if (type.flags & ts.TypeFlags.Object && type.getStringIndexType() === undefined) {
    collect(type, path, fields, checker);
  } else {
    const value = type.getStringIndexType();
    if (value?.flags !== undefined && value.flags & ts.TypeFlags.Object)
      below(value, `${path}.*`, fields, checker);
  }
}

const elementOf = (type: ts.Type, checker: ts.TypeChecker): ts.Type =>
  checker.getTypeArguments(type as ts.TypeReference)[0] as ts.Type;

function typeText(type: ts.Type, checker: ts.TypeChecker): string {
  if (checker.isArrayType(type)) return `${typeText(elementOf(type, checker), checker)}[]`;
  if (type.flags & ts.TypeFlags.Boolean) return 'boolean';
  if (type.isUnion()) {
    const members = type.types.map((member) => typeText(member, checker));
    const texts = new Set(members.map((each) => (/^(true|false)$/.test(each) ? 'boolean' : each)));
    // The order of a union's members is that in which the compiler has met them.
    return [...texts].sort().join(' | ');
  }
  if (type.isStringLiteral()) return `'${type.value}'`;
  if (type.flags & ts.TypeFlags.Object) return type.getStringIndexType() === undefined ? 'object' : 'map';
  return checker.typeToString(type);
}
