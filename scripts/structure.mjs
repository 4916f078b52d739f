/**
 * Prints the structure of a checkout as a table: for each package its lines, its largest file, the packages of this
 * repository that it imports, and circles of imports between its files and between its folders.
 *
 *   node scripts/structure.mjs [folder] [--json]
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import ts from 'typescript';

/** @typedef {ReadonlyMap<string, ReadonlySet<string>>} Graph */

/**
 * The strongly connected parts of a graph with more than one member, by Tarjan's algorithm.
 *
 * @param {Graph} graph
 * @returns {string[][]}
 */
export function circlesOf(graph) {
  /** @type {string[][]} */
  const found = [];
  /** @type {Map<string, { index: number, low: number }>} */
  const seen = new Map();
  /** @type {string[]} */
  const stack = [];
  /** @param {string} name */
  const visit = (name) => {
    const own = { index: seen.size, low: seen.size };
    seen.set(name, own);
    stack.push(name);
    for (const next of graph.get(name) ?? []) {
      const known = seen.get(next);
      if (known === undefined) own.low = Math.min(own.low, visit(next).low);
      else if (stack.includes(next)) own.low = Math.min(own.low, known.index);
    }
    if (own.low === own.index) {
      const part = stack.splice(stack.indexOf(name));
      if (part.length > 1) found.push(part.sort());
    }
    return own;
  };
  for (const name of graph.keys()) if (!seen.has(name)) visit(name);
  return found;
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function sourcesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

/**
 * @param {string} file
 * @returns {string[]}
 */
function importsOf(file) {
  return ts
    .preProcessFile(readFileSync(file, 'utf8'), true, true)
    .importedFiles.map(({ fileName }) => fileName);
}

/**
 * @param {string} file below `src`
 * @returns {string} the folder below `src`; empty for a file beside the folders
 */
function folderOf(file) {
  return file.includes('/') ? file.slice(0, file.indexOf('/')) : '';
}

/**
 * @param {string} root
 * @param {string} place such as `packages/core`
 */
function factsOf(root, place) {
  const { name } = JSON.parse(readFileSync(join(root, place, 'package.json'), 'utf8'));
  const src = join(root, place, 'src');
  const files = sourcesIn(src);
  /** @type {Map<string, Set<string>>} */
  const byFile = new Map();
  /** @type {Map<string, Set<string>>} */
  const byFolder = new Map();
  /** @type {Set<string>} */
  const uses = new Set();
  for (const file of files) {
    const own = relative(src, file);
    const folder = folderOf(own);
    byFile.set(own, byFile.get(own) ?? new Set());
    if (!byFolder.has(folder)) byFolder.set(folder, new Set());
    for (const target of importsOf(file)) {
      if (target.startsWith('@gantry/')) uses.add(target.split('/')[1] ?? '');
      if (!target.startsWith('.')) continue;
      const other = relative(src, resolve(dirname(file), target));
      byFile.get(own)?.add(other);
      const next = folderOf(other);
      // Files beside the folders put them together.
      if (folder !== '' && next !== '' && next !== folder) byFolder.get(folder)?.add(next);
    }
  }
  const lengths = files.map((file) => readFileSync(file, 'utf8').split('\n').length - 1);
  return {
    name,
    files: files.length,
    lines: lengths.reduce((sum, lines) => sum + lines, 0),
    largest: Math.max(0, ...lengths),
    uses: [...uses].sort(),
    fileCircles: circlesOf(byFile),
    folderCircles: circlesOf(byFolder),
  };
}

/** @param {string} root */
export function structureOf(root) {
  const places = ['packages', 'plugins'].flatMap((kind) =>
    readdirSync(join(root, kind)).map((name) => join(kind, name)),
  );
  const all = places
    .filter((place) => existsSync(join(root, place, 'src')))
    .map((place) => factsOf(root, place));
  const graph = new Map(all.map(({ name, uses }) => [name, new Set(uses.map((use) => `@gantry/${use}`))]));
  return { packages: all, packageCircles: circlesOf(graph) };
}

function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false } },
  });
  const root = resolve(positionals[0] ?? join(dirname(fileURLToPath(import.meta.url)), '..'));
  const structure = structureOf(root);
  if (values.json) {
    console.log(JSON.stringify(structure, undefined, 2));
    return;
  }
  console.log('| Package | Files | Lines | Largest | Imports | Circles of files | Circles of folders |');
  console.log('|---|---|---|---|---|---|---|');
  for (const { name, files, lines, largest, uses, fileCircles, folderCircles } of structure.packages) {
    const short = name.replace('@gantry/', '');
    const circles = `${fileCircles.length} | ${folderCircles.map((one) => one.join(' ')).join('; ') || 0}`;
    console.log(`| ${short} | ${files} | ${lines} | ${largest} | ${uses.join(' ') || 'none'} | ${circles} |`);
  }
  const sum = structure.packages.reduce((total, { lines }) => total + lines, 0);
  console.log(`\n${sum} lines; circles of packages: ${structure.packageCircles.length}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
