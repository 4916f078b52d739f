/**
 * Packs the command line with every package of this repository that it needs into one archive, in the folder that is named
 * (default: `archives`), and prints its path. `npm install --global ARCHIVE` then puts `gantry` on PATH, and
 * `npx ARCHIVE` runs it; packages of others come from the registry, in the versions that this repository is tested with. Needs `npm run build` before.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWhole } from './bundle-program.mjs';

/** @typedef {{ name: string, dependencies?: Record<string, string>, peerDependencies?: Record<string, string>, devDependencies?: Record<string, string>, exports?: unknown }} Manifest */

const CLI = '@gantry/cli';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = resolve(process.argv[2] ?? 'archives');

/** @param {string} file @returns {Manifest} */
const manifestIn = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** @param {string} cwd @param {readonly string[]} args @returns {{ name: string, filename: string }[]} */
function pack(cwd, args) {
  const options = ['pack', ...args, '--json', '--ignore-scripts', '--loglevel=error'];
  const printed = execFileSync('npm', options, { cwd, maxBuffer: 64 * 1024 * 1024 });
  return Object.values(JSON.parse(printed.toString()));
}

/**
 * The versions of all packages of others that a program needs, also of those that it needs indirectly, as this repository
 * is tested with them. npm ignores a lock file in an archive, but takes what the manifest names.
 *
 * @param {string} stage the folder of its manifest @returns {Record<string, string>}
 */
function tested(stage) {
  const file = join(stage, 'package-lock.json');
  copyFileSync(join(root, 'package-lock.json'), file);
  const args = ['install', '--package-lock-only', '--omit=dev', '--ignore-scripts', '--loglevel=error'];
  execFileSync('npm', args, { cwd: stage });
  /** @type {[string, { version: string, optional?: boolean }][]} */
  const locked = Object.entries(JSON.parse(readFileSync(file, 'utf8')).packages);
  rmSync(file);
  // Optional ones are made for one platform each: the packages that choose among them name their versions.
  return Object.fromEntries(
    locked.flatMap(([path, { version, optional = false }]) => {
      const name = path.slice('node_modules/'.length);
      return path === '' || optional || name.includes('node_modules/') ? [] : [[name, version]];
    }),
  );
}

/** @type {Map<string, Manifest>} manifests by name */
const own = new Map();
/** @type {Map<string, string>} folders by name */
const folders = new Map();
for (const kind of ['packages', 'plugins']) {
  for (const name of readdirSync(join(root, kind))) {
    const manifest = manifestIn(join(root, kind, name, 'package.json'));
    own.set(manifest.name, manifest);
    folders.set(manifest.name, join(kind, name));
  }
}
const needed = new Set([CLI]);
for (const name of needed) {
  const { dependencies = {}, peerDependencies = {} } = own.get(name) ?? {};
  for (const each of Object.keys({ ...dependencies, ...peerDependencies }))
    if (own.has(each)) needed.add(each);
}

const work = mkdtempSync(join(tmpdir(), 'gantry-pack-'));
try {
  const [packed] = pack(root, ['--workspace', CLI, '--pack-destination', work]);
  if (packed === undefined) throw new Error(`npm packed no ${CLI}`);
  const stage = join(work, 'package');
  execFileSync('tar', ['xzf', join(work, packed.filename), '-C', work]);
  await bundleWhole(join(root, 'packages/cli'), join(stage, 'dist/program'));
  /** @type {Record<string, string>} what all of them need of others */
  const dependencies = {};
  for (const name of [...needed].sort()) {
    for (const [each, range] of Object.entries(own.get(name)?.dependencies ?? {}))
      if (!own.has(each)) dependencies[each] ??= range;
  }
  // Files that a package reads at run time, beside its code.
  for (const name of needed) {
    const proto = join(root, folders.get(name) ?? '', 'proto');
    if (existsSync(proto)) cpSync(proto, join(stage, 'dist/proto'), { recursive: true });
  }
  // It is a program: its code cannot be imported without the packages that it came from.
  const { devDependencies: _dev, exports: _exports, ...manifest } = manifestIn(join(stage, 'package.json'));
  const write = (/** @type {Record<string, string>} */ needs) =>
    writeFileSync(
      join(stage, 'package.json'),
      `${JSON.stringify({ ...manifest, dependencies: needs }, null, 2)}\n`,
    );
  write(dependencies);
  write({ ...dependencies, ...tested(stage) });
  mkdirSync(target, { recursive: true });
  for (const { filename } of pack(stage, ['--pack-destination', target])) console.log(join(target, filename));
} finally {
  rmSync(work, { recursive: true, force: true });
}
