/**
 * Packs the command line and every package of this repository that it needs into the folder that is named (default:
 * `archives`), as `npm publish` would. `npm install --global FOLDER/*.tgz` then puts `gantry` on PATH; packages of others
 * come from the registry. Needs `npm run build` before.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = resolve(process.argv[2] ?? 'archives');

/** @type {Map<string, { dependencies?: Record<string, string>, peerDependencies?: Record<string, string> }>} manifests by name */
const own = new Map();
for (const kind of ['packages', 'plugins']) {
  for (const name of readdirSync(join(root, kind))) {
    const manifest = JSON.parse(readFileSync(join(root, kind, name, 'package.json'), 'utf8'));
    own.set(manifest.name, manifest);
  }
}
const needed = new Set(['@gantry/cli']);
for (const name of needed) {
  const { dependencies = {}, peerDependencies = {} } = own.get(name) ?? {};
  for (const each of Object.keys({ ...dependencies, ...peerDependencies }))
    if (own.has(each)) needed.add(each);
}
mkdirSync(target, { recursive: true });
const workspaces = [...needed].flatMap((name) => ['--workspace', name]);
const options = ['--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', target];
const printed = execFileSync('npm', ['pack', ...workspaces, ...options], {
  cwd: root,
  maxBuffer: 64 * 1024 * 1024,
});
for (const { filename } of Object.values(JSON.parse(printed.toString()))) console.log(join(target, filename));
