import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { connect } from '../src/index.ts';
import { connect as connectFromNode } from '../src/node.ts';

const src = fileURLToPath(new URL('../src', import.meta.url));
const core = fileURLToPath(new URL('../../core/src', import.meta.url));

/** Everything that a module imports, except types: Gantry's files, and the names of the rest. */
function reachable(entry: string): { files: Set<string>; others: Set<string> } {
  const files = new Set<string>();
  const others = new Set<string>();
  const visit = (file: string): void => {
    if (files.has(file)) return;
    files.add(file);
    const tree = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
    for (const statement of tree.statements) {
      if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) continue;
      const specifier = statement.moduleSpecifier;
      if (specifier === undefined || !ts.isStringLiteral(specifier) || isTypeOnly(statement)) continue;
      if (specifier.text.startsWith('.')) visit(join(dirname(file), specifier.text));
      else if (specifier.text.startsWith('@gantry/core')) {
        visit(join(core, specifier.text.slice('@gantry/core'.length), 'index.ts'));
      } else others.add(specifier.text);
    }
  };
  visit(entry);
  return { files, others };
}

function isTypeOnly(statement: ts.ImportDeclaration | ts.ExportDeclaration): boolean {
  return ts.isImportDeclaration(statement)
    ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
    : statement.isTypeOnly;
}

/** Code without its comments and string literals. */
function withoutText(code: string): string {
  return code.replaceAll(/\/\*.*?\*\/|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/gs, '');
}

describe('the main entry', () => {
  const { files, others } = reachable(join(src, 'index.ts'));

  test('imports nothing of Node, nor anything that does', () => {
    expect([...others].sort()).toEqual(['@noble/hashes/sha2.js', '@noble/hashes/utils.js', 'zod']);
    expect([...files].filter((file) => file.startsWith(join(src, 'node')))).toEqual([]);
    expect(files.size).toBeGreaterThan(20);
  });

  test('uses no global of Node', () => {
    const used = [...files].filter((file) =>
      /\b(process|Buffer|require|setImmediate|__dirname)\b[.([]/.test(
        withoutText(readFileSync(file, 'utf8')),
      ),
    );
    expect(used).toEqual([]);
  });
});

test('the entry for Node is found not to be for browsers', () => {
  expect(existsSync(join(src, 'node.ts'))).toBe(true);
  expect([...reachable(join(src, 'node.ts')).others]).toEqual(expect.arrayContaining(['node:http']));
});

describe('an invalid token', () => {
  const wrong = 'gantry_secret\nof mine';

  test.each([
    ['in browsers', connect],
    ['in Node', connectFromNode],
  ])('is rejected before it is sent, and not repeated: %s', (_where, make) => {
    let refused: unknown;
    try {
      make({ url: 'http://127.0.0.1:1', token: wrong });
    } catch (error) {
      refused = error;
    }
    expect(refused).toMatchObject({ code: 'INVALID_OPTIONS', issues: [{ path: 'token' }] });
    expect(`${String(refused)} ${JSON.stringify(refused)}`).not.toContain('secret');
  });
});

describe.each([
  ['in browsers', connect],
  ['in Node', connectFromNode],
] as const)('connect, %s', (where, make) => {
  const url = 'http://127.0.0.1:1';
  const problem = (options: unknown): unknown => {
    try {
      make(options as Parameters<typeof make>[0]);
      return undefined;
    } catch (error) {
      return error;
    }
  };

  test.each([
    [{ url, retires: 1 }, 'retires'],
    [{ url, timeout: 5 }, 'timeout'],
    [{ url, headers: {} }, 'headers'],
    [{ url, timeoutMs: 0 }, 'timeoutMs'],
    [{ url, timeoutMs: '5s' }, 'timeoutMs'],
    [{ url, timeoutMs: Number.NaN }, 'timeoutMs'],
    [{ url, retries: -1 }, 'retries'],
    [{ url, retries: 1.5 }, 'retries'],
    [{ url, silenceMs: Number.POSITIVE_INFINITY }, 'silenceMs'],
    [{ url, clock: {} }, 'clock'],
    [{ url, random: Math }, 'random'],
    [{ url, token: 7 }, 'token'],
    [{ url: 7 }, 'url'],
    [{ url: [] }, 'url'],
    [{}, 'url'],
    [undefined, ''],
    [url, ''],
  ])('rejects %j, and names the option', (options, path) => {
    expect(problem(options)).toMatchObject({
      code: 'INVALID_OPTIONS',
      issues: [expect.objectContaining({ path })],
    });
  });

  test('reports every problem in one error, and repeats no value', () => {
    const error = problem({ url, tokne: 'gantry_secret', timeoutMs: -1 });
    expect(error).toMatchObject({ issues: [{ path: 'tokne' }, { path: 'timeoutMs' }] });
    expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain('secret');
  });

  test('takes its own options, and undefined for an absent one', async () => {
    const options = { url, token: undefined, timeoutMs: 1, retries: 0, silenceMs: 1, clock: undefined };
    expect(problem(options)).toBeUndefined();
    const own = problem({ url, ca: 'PEM' });
    if (where === 'in Node') expect(own).toBeUndefined();
    else expect(own).toMatchObject({ issues: [{ path: 'ca' }] });
  });
});
