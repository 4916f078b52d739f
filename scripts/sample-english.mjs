/**
 * Prints randomly chosen error messages, help texts, doc comments and paragraphs of documents, to be read aloud: what the
 * patterns of `lint-english.mjs` do not find, a reader does. The same seed gives the same choice.
 *
 *   node scripts/sample-english.mjs [--seed N] [--count 12]
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import ts from 'typescript';

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '12' } },
});
const root = join(import.meta.dirname, '..');
let state = Number(values.seed) >>> 0;

/** Mulberry32, a generator of random numbers that fits into five lines. */
function random() {
  state = (state + 0x6d2b79f5) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/**
 * @param {string[]} patterns
 * @returns {string[]}
 */
function files(...patterns) {
  return execFileSync('git', ['ls-files', ...patterns], { cwd: root, encoding: 'utf8' })
    .trim()
    .split('\n');
}

/** @type {Record<'error messages' | 'help texts' | 'doc comments' | 'paragraphs', string[]>} */
const texts = { 'error messages': [], 'help texts': [], 'doc comments': [], paragraphs: [] };

for (const file of files('packages/*/src/*.ts', 'plugins/*/src/*.ts')) {
  const source = ts.createSourceFile(
    file,
    readFileSync(join(root, file), 'utf8'),
    ts.ScriptTarget.Latest,
    true,
  );
  /** @param {ts.Node} node */
  const visit = (node) => {
    const place = `${file}:${source.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
    if (ts.isNewExpression(node) && node.expression.getText() === 'GantryError') {
      const message = node.arguments?.[1];
      if (message && (ts.isStringLiteralLike(message) || ts.isTemplateExpression(message)))
        texts['error messages'].push(`${place}\n    ${message.getText()}`);
    }
    if (
      ts.isCallExpression(node) &&
      ts.isPropertyAccessExpression(node.expression) &&
      ['option', 'requiredOption', 'argument'].includes(node.expression.name.text)
    ) {
      const [flag, help] = node.arguments;
      if (flag && help && ts.isStringLiteralLike(help))
        texts['help texts'].push(`${place}\n    ${flag.getText()}: ${help.text}`);
    }
    for (const comment of ts.getJSDocCommentsAndTags(node))
      if (ts.isJSDoc(comment) && comment.parent === node)
        texts['doc comments'].push(`${place}\n    ${comment.getText().replaceAll(/\n\s*/g, '\n    ')}`);
    ts.forEachChild(node, visit);
  };
  visit(source);
}
for (const file of files('*.md')) {
  const prose = readFileSync(join(root, file), 'utf8').replaceAll(/```[\s\S]*?```/g, '');
  for (const part of prose.split(/\n\s*\n/))
    if (/^[A-Za-z[`*]/.test(part.trim())) texts.paragraphs.push(`${file}\n    ${part.trim()}`);
}

for (const [kind, found] of Object.entries(texts)) {
  console.log(`\n${kind} (${values.count} of ${found.length})`);
  for (let left = Math.min(Number(values.count), found.length); left > 0; left--)
    console.log(`\n  ${found.splice(Math.floor(random() * found.length), 1)[0]}`);
}
