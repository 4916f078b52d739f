import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

/** A fenced block of a document. */
export interface Block {
  /** Path from the root of the repository. */
  readonly document: string;
  /** Line of the opening fence, from 1. */
  readonly line: number;
  readonly language: string;
  readonly code: string;
  /** What a `<!-- snippet: file#name -->` before the fence says the block is a copy of. */
  readonly source: string | undefined;
}

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Every document whose code is checked. */
export function documents(): readonly string[] {
  const top = ['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'SCOPE.md', 'UPGRADING.md'];
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !file.startsWith('api/'))
    .map((file) => `docs/${file}`);
  const packages = readdirSync(join(root, 'packages'))
    .map((name) => `packages/${name}/README.md`)
    .filter((file) => existsSync(join(root, file)));
  return [...top, ...docs.sort(), ...packages];
}

/** The fenced blocks of a document, in order. */
export function blocksOf(document: string, text: string): readonly Block[] {
  const blocks: Block[] = [];
  const lines = text.split('\n');
  let source: string | undefined;
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string;
    const marker = /^<!-- snippet: (\S+) -->$/.exec(line);
    if (marker !== null) source = marker[1];
    const fence = /^(```+)(\w*)/.exec(line);
    if (fence === null) {
      if (marker === null && line !== '') source = undefined;
      continue;
    }
    const end = lines.indexOf(fence[1] as string, at + 1);
    if (end < 0) throw new Error(`${document}:${at + 1}: the block is not closed`);
    const code = lines.slice(at + 1, end).join('\n');
    blocks.push({ document, line: at + 1, language: fence[2] as string, code, source });
    source = undefined;
    at = end;
  }
  return blocks;
}

export function allBlocks(): readonly Block[] {
  return documents().flatMap((document) => blocksOf(document, read(document)));
}

/** Puts other code into a block of its document. */
export function rewrite({ document, source, code }: Block, by: string): void {
  const text = read(document);
  // Searched again: an earlier rewrite may have moved it.
  const found = blocksOf(document, text).find((each) => each.source === source && each.code === code);
  if (found === undefined) return;
  const lines = text.split('\n');
  const length = code === '' ? lines.slice(found.line).indexOf('```') : code.split('\n').length;
  lines.splice(found.line, length, by);
  writeFileSync(join(root, document), lines.join('\n'));
}
