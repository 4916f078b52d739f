/**
 * Packs every package that is published, installs the archives into an empty project outside of the repository, and runs
 * three examples and `gantry` there as they stand, on this Node and on the newest LTS one where `.ci/node24` was installed. Their types
 * are checked against the published declarations. Then it does what the README's section on installing says: one archive
 * puts `gantry` on PATH. Needs `npm run build` before.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const newest = join(root, '.ci/node24/node_modules/node/bin/node');
const EXAMPLES = ['embedded', 'custom-scheduler', 'custom-kind'];

/** @param {string} file */
const json = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** @param {string} cwd @param {string} command @param {readonly string[]} args */
const run = (cwd, command, args) =>
  execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 64 * 1024 * 1024 });

const project = mkdtempSync(join(tmpdir(), 'gantry-install-'));
/** @param {string} program @param {readonly string[]} first its first arguments @param {string | undefined} path */
function runsCluster(program, first, path) {
  // A home of its own: contexts, state and log are kept there.
  const env = { PATH: path, HOME: join(project, 'home') };
  const gantry = (/** @type {string[]} */ ...args) =>
    execFileSync(program, [...first, ...args], {
      cwd: project,
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    }).toString();
  gantry('up', '-d', '--runtime', 'process', '--name', 'outside');
  try {
    if (!gantry('get', 'nodes', '-o', 'name').includes('node/node-1'))
      throw new Error('gantry shows no node');
  } finally {
    gantry('down');
  }
}

try {
  const args = ['pack', '--workspaces', '--json', '--ignore-scripts', '--loglevel=error'];
  /** @type {{ name: string, filename: string }[]} */
  const archives = Object.values(
    JSON.parse(run(root, 'npm', [...args, '--pack-destination', project]).toString()),
  );
  const published = archives.filter(({ name }) => name.startsWith('@gantry/') && name !== '@gantry/bench');
  const packed = Object.fromEntries(published.map(({ name, filename }) => [name, `file:./${filename}`]));
  const { devDependencies } = json(join(root, 'package.json'));
  const tools = Object.fromEntries(
    ['typescript', 'tsx', '@types/node', 'vitest'].map((name) => [name, devDependencies[name]]),
  );
  const zod = json(join(root, 'packages/core/package.json')).dependencies.zod;
  const manifest = {
    name: 'outside',
    private: true,
    type: 'module',
    dependencies: { ...packed, zod },
    devDependencies: tools,
    overrides: packed,
  };
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest, null, 2));
  // The versions of others' packages that are tested here: what they release meanwhile must not decide.
  cpSync(join(root, 'package-lock.json'), join(project, 'package-lock.json'));
  for (const example of EXAMPLES) {
    for (const folder of ['src', 'test']) {
      const from = join(root, 'examples', example, folder);
      if (existsSync(from)) cpSync(from, join(project, example, folder), { recursive: true });
    }
  }
  const compilerOptions = {
    target: 'ES2023',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: EXAMPLES }));
  run(project, 'npm', ['install', '--no-audit', '--no-fund', '--loglevel=error']);
  run(project, process.execPath, ['node_modules/typescript/bin/tsc', '-p', '.']);
  for (const node of [process.execPath, ...(existsSync(newest) ? [newest] : [])]) {
    const version = run(project, node, ['--version']).toString().trim();
    for (const example of EXAMPLES) {
      run(project, node, ['--import', 'tsx', `${example}/src/main.ts`]);
      console.log(`${example} runs outside of the repository on Node ${version}`);
    }
    runsCluster(node, ['node_modules/@gantry/cli/bin/gantry.js'], process.env.PATH);
    console.log(`gantry runs outside of the repository on Node ${version}`);
  }
  run(project, process.execPath, ['node_modules/vitest/vitest.mjs', 'run', '--testTimeout', '60000']);
  console.log('the conformance tests of the examples pass outside of the repository');
  const archive = run(root, process.execPath, ['scripts/pack.mjs', join(project, 'archives')])
    .toString()
    .trim();
  const prefix = join(project, 'prefix');
  run(project, 'npm', ['install', '--global', '--prefix', prefix, '--loglevel=error', archive]);
  writeFileSync(
    join(project, 'gantry.config.ts'),
    "import { defineConfig } from '@gantry/cli';\nexport default defineConfig({ nodes: [{ name: 'node-1' }] });\n",
  );
  runsCluster('gantry', [], `${join(prefix, 'bin')}:${process.env.PATH}`);
  console.log('one archive puts gantry on PATH');
  const npx = ['--yes', '--package', archive, 'gantry', 'version', '--client'];
  if (!run(project, 'npx', npx).toString().startsWith('Client: ')) throw new Error('npx runs no gantry');
  console.log('npx runs gantry from one archive');
} finally {
  rmSync(project, { recursive: true, force: true });
}
