/**
 * Converts every Compose file below a directory, strict and lenient, and prints a table and totals:
 *
 *   node scripts/compose-corpus.mjs DIRECTORY [--json]
 *
 * A file that is only a part of a project (a service without an image, or a reference to a service or network that
 * another file declares) is merged over the Compose file of its own directory, or of the nearest one above, and over the
 * file beside it that has the missing images. Variables come from `.env`, or from the example of it that lies beside the
 * Compose file. A variable that a file requires (`${NAME:?why}`), or that stands alone in the name of an image, has the
 * value "1" if no file sets it.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { register as registerHook } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { register } from 'tsx/esm/api';
import { parseAllDocuments } from 'yaml';

registerHook('./source-condition.mjs', import.meta.url);
register();
const { convertProject, loadCompose, nodeFiles, problemsOf } = await import('@gantry/compose');

/** @typedef {{ file: string, files: string[], strict: string, lenient: string }} Row */

const USUAL = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'];
const EXAMPLES = ['example.env', 'env.example', '.env.example', '.env.sample', 'sample.env'];
const SECTIONS = ['services', 'include'];

/** @param {string} directory @returns {string[]} */
function yamlFiles(directory) {
  return readdirSync(directory, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(directory, entry.name);
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : yamlFiles(path);
      return /\.ya?ml$/.test(entry.name) ? [path] : [];
    });
}

/** @param {string} file @returns {Record<string, any> | undefined} the file's content if it is a Compose file */
function contentOf(file) {
  try {
    const [document] = parseAllDocuments(readFileSync(file, 'utf8'), { merge: true, logLevel: 'silent' });
    const content = document?.toJS();
    const isCompose =
      content !== null && typeof content === 'object' && SECTIONS.some((key) => key in content);
    return isCompose ? content : undefined;
  } catch {
    return undefined;
  }
}

/** @param {unknown} value @returns {string[]} */
function keysOf(value) {
  if (Array.isArray(value)) return value.filter((item) => typeof item === 'string');
  return value !== null && typeof value === 'object' ? Object.keys(value) : [];
}

/** @param {Record<string, any>} content */
function isFragment(content) {
  const services = content.services ?? {};
  const declared = ['default', ...keysOf(content.networks)];
  return Object.values(services).some((service) => {
    if (service === null || typeof service !== 'object') return true;
    const runs = ['image', 'build', 'extends', 'provider'].some((key) => key in service);
    const waits = keysOf(service.depends_on).every(
      (name) => name in services || content.include !== undefined,
    );
    return !runs || !waits || !keysOf(service.networks).every((name) => declared.includes(name));
  });
}

/** @param {string} file @param {string} root @returns {string | undefined} the Compose file that a fragment belongs to */
function baseOf(file, root) {
  for (let directory = dirname(file); ; directory = dirname(directory)) {
    const found = USUAL.map((name) => join(directory, name)).find(
      (path) => path !== file && existsSync(path),
    );
    if (found !== undefined) return found;
    if (directory === root || directory === dirname(directory)) return undefined;
  }
}

/** @param {readonly string[]} files @returns {Record<string, string>} values for the variables that must be set */
function required(files) {
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  const names = [
    ...text.matchAll(/(?<!\$)\$\{([A-Za-z_]\w*):?\?/g),
    ...text.matchAll(/image:.*?\$\{?([A-Za-z_]\w*)\b(?!:?-)/g),
  ];
  return Object.fromEntries(names.map(([, name]) => [name, '1']));
}

/**
 * The other file of the same directory that gives images to the services of a fragment which its base leaves without:
 * the one whose name has most in common with the fragment's.
 *
 * @param {string} file @param {Record<string, any>} content @param {Record<string, any> | undefined} base
 */
function siblingOf(file, content, base) {
  const runs = (/** @type {any} */ service) =>
    ['image', 'build', 'extends'].some((key) => key in (service ?? {}));
  const missing = Object.keys(content.services ?? {}).filter(
    (name) => !runs(content.services[name]) && !runs(base?.services?.[name]),
  );
  if (missing.length === 0) return undefined;
  const common = (/** @type {string} */ path) => {
    const [a, b] = [basename(path), basename(file)];
    let length = 0;
    while (length < a.length && a[length] === b[length]) length++;
    return length;
  };
  return readdirSync(dirname(file))
    .filter((name) => /\.ya?ml$/.test(name) && name !== basename(file))
    .map((name) => join(dirname(file), name))
    .filter((path) => missing.every((name) => runs(contentOf(path)?.services?.[name])))
    .sort((a, b) => common(b) - common(a))[0];
}

/** @param {string} directory */
function envPath(directory) {
  if (existsSync(join(directory, '.env'))) return undefined;
  return EXAMPLES.map((name) => join(directory, name)).find((path) => existsSync(path));
}

/** @param {readonly string[]} files @param {boolean} lenient @returns {Promise<string>} empty if they were converted, else the first reason */
async function convert(files, lenient) {
  const directory = dirname(/** @type {string} */ (files[0]));
  const example = envPath(directory);
  const dotEnv = join(directory, '.env');
  const read = nodeFiles();
  const known = await read(example ?? dotEnv);
  const set = Object.entries(required(files)).filter(
    ([name]) => !new RegExp(`^\\s*(export )?${name}=[^\\S\\n]*\\S`, 'm').test(known ?? ''),
  );
  try {
    const project = await loadCompose({
      files,
      projectName: 'app',
      env: { HOME: '/root', PWD: directory, ...Object.fromEntries(set) },
      read: (path) => read(example !== undefined && path === dotEnv ? example : path),
    });
    convertProject(project, { lenient });
    return '';
  } catch (error) {
    const all = problemsOf(error);
    const [first] = [...all].sort(
      (a, b) => Number(a.severity === 'unsupported') - Number(b.severity === 'unsupported'),
    );
    if (first === undefined) return `${/** @type {any} */ (error).code ?? 'INTERNAL'} ${String(error)}`;
    return `${relative(directory, first.file)}:${first.line} ${first.path}: ${first.message}`;
  }
}

const [given, flag] = process.argv.slice(2);
if (given === undefined || !existsSync(given) || !statSync(given).isDirectory()) {
  console.error('usage: node scripts/compose-corpus.mjs DIRECTORY [--json]');
  process.exit(2);
}
const root = resolve(given);
/** @type {Row[]} */
const rows = [];
for (const file of yamlFiles(root)) {
  const content = contentOf(file);
  if (content === undefined) continue;
  const base = isFragment(content) ? baseOf(file, root) : undefined;
  const sibling = siblingOf(file, content, base === undefined ? undefined : contentOf(base));
  const files = [base, sibling, file].filter((path) => path !== undefined);
  rows.push({
    file: relative(root, file),
    files,
    strict: await convert(files, false),
    lenient: await convert(files, true),
  });
}
const count = (/** @type {'strict' | 'lenient'} */ mode) => rows.filter((row) => row[mode] === '').length;
if (flag === '--json') console.log(JSON.stringify(rows, null, 2));
else {
  const width = Math.max(4, ...rows.map(({ file }) => file.length));
  console.log(`${'FILE'.padEnd(width)}  STRICT    LENIENT   FIRST REASON`);
  for (const { file, files, strict, lenient } of rows) {
    const word = (/** @type {string} */ reason) => (reason === '' ? 'converted' : 'rejected').padEnd(9);
    const merged =
      files.length > 1
        ? `(over ${files
            .slice(0, -1)
            .map((path) => basename(path))
            .join(', ')}) `
        : '';
    console.log(
      `${file.padEnd(width)}  ${word(strict)} ${word(lenient)} ${merged}${lenient || strict}`.trimEnd(),
    );
  }
  console.log(`\n${rows.length} files: ${count('strict')} converted strictly, ${count('lenient')} leniently`);
}
