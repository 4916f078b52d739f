/**
 * Packs what is published into the folder that is named (default: `archives`): an archive for each package, as
 * `npm publish` would make it, and `gantry-VERSION.tgz`, which holds all of them and has the command: `npm install --global`
 * and `npx` take that one as it is. Packages of others come from the registry. Needs `npm run build` before.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const target = resolve(process.argv[2] ?? 'archives');

/** @param {string} cwd @param {readonly string[]} args @returns {{ name: string, version: string, filename: string }[]} */
const pack = (cwd, args) => {
  const options = ['--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', target];
  const printed = execFileSync('npm', ['pack', ...args, ...options], { cwd, maxBuffer: 64 * 1024 * 1024 });
  return Object.values(JSON.parse(printed.toString()));
};

mkdirSync(target, { recursive: true });
const folder = mkdtempSync(join(tmpdir(), 'gantry-pack-'));
try {
  const archives = pack(root, ['--workspaces']).filter(
    ({ name }) => name.startsWith('@gantry/') && name !== '@gantry/bench',
  );
  const own = archives.map(({ name }) => name);
  /** @type {Record<string, string>} */
  const dependencies = {};
  for (const { name, version, filename } of archives) {
    const place = join(folder, 'node_modules', name);
    mkdirSync(place, { recursive: true });
    execFileSync('tar', ['-xzf', join(target, filename), '-C', place, '--strip-components=1']);
    const manifest = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'));
    for (const [each, range] of Object.entries({ ...manifest.dependencies, ...manifest.peerDependencies })) {
      const optional = manifest.peerDependenciesMeta?.[each]?.optional === true;
      if (!each.startsWith('@gantry/') && !optional) dependencies[each] = range;
    }
    dependencies[name] = version;
  }
  const cli = JSON.parse(readFileSync(join(root, 'packages/cli/package.json'), 'utf8'));
  const manifest = {
    name: 'gantry',
    version: cli.version,
    description: cli.description,
    license: cli.license,
    type: 'module',
    engines: cli.engines,
    bin: { gantry: 'node_modules/@gantry/cli/bin/gantry.js' },
    dependencies,
    bundleDependencies: own,
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest, null, 2));
  for (const { filename } of pack(folder, [])) console.log(join(target, filename));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
