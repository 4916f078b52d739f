import { join } from 'node:path';
import ts from 'typescript';
import { type Block, root } from './documents.ts';

/** What documents other than README.md may use without declaring it. */
const GIVEN: Readonly<Record<string, string>> = {
  api: "import('@gantry/core/api').ClusterApi",
  cluster: "import('@gantry/host').Cluster",
};

/** Type-checks blocks as modules of the repository, against the sources; returns `document:line message`. */
export function typeProblems(blocks: readonly Block[]): readonly string[] {
  const files = new Map(
    blocks.map((block, index) => [join(root, `tests/docs/support/block-${index}.ts`), block]),
  );
  const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const host = ts.createCompilerHost({ ...options, noEmit: true });
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (file) => files.has(file) || fileExists(file);
  host.readFile = (file) => {
    const block = files.get(file);
    return block === undefined ? readFile(file) : moduleOf(block);
  };
  host.getSourceFile = (file, version, ...rest) => {
    const block = files.get(file);
    if (block === undefined) return getSourceFile(file, version, ...rest);
    return ts.createSourceFile(file, moduleOf(block), version, true);
  };
  const program = ts.createProgram([...files.keys()], { ...options, noEmit: true }, host);
  return [...files].flatMap(([file, block]) => {
    const source = program.getSourceFile(file);
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    return found.map(({ start = 0, messageText }) => {
      const { line = 0 } = source?.getLineAndCharacterOfPosition(start) ?? {};
      return `${block.document}:${block.line + 1 + line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    });
  });
}

function moduleOf({ document, code }: Block): string {
  if (document === 'README.md') return code;
  const given = Object.entries(GIVEN).filter(
    ([name]) => !new RegExp(`\\b(const|using|let) ${name}\\b`).test(code),
  );
  return `${code}\n${given.map(([name, type]) => `declare const ${name}: ${type};`).join('\n')}\n`;
}
