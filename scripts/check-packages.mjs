/**
 * Packs every package that is published, exactly as `npm publish` would, and examines the archives: publint for the
 * manifest, "are the types wrong" for what TypeScript makes of the exports, and a check of its own that no file in an
 * archive refers to a missing source file. Needs `npm run build` before.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { problemKindInfo } from '@arethetypeswrong/core/problems';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import ts from 'typescript';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Gantry is ESM for current Node: older resolutions are not supported. */
const ignoredResolutions = ['node10', 'node16-cjs'];

/** @param {Uint8Array} archive @returns {Promise<string[]>} */
async function manifestProblems(archive) {
  const tarball = /** @type {ArrayBuffer} */ (archive.slice().buffer);
  const { messages, pkg } = await publint({ pack: { tarball }, strict: true });
  // gantry.js begins as a shell script, which runs Node with `--`.
  const wrong = messages.filter(({ code }) => code !== 'BIN_FILE_NOT_EXECUTABLE');
  return wrong.map((message) => `publint: ${formatMessage(message, pkg, { color: false })}`);
}

/** @param {import('@arethetypeswrong/core').Package} pack @returns {Promise<string[]>} */
async function typeProblems(pack) {
  const analysis = await checkPackage(pack);
  if (!analysis.types) return ['types: the archive holds none'];
  return analysis.problems
    .filter((one) => !('resolutionKind' in one && ignoredResolutions.includes(one.resolutionKind)))
    .map((one) => `types: ${problemKindInfo[one.kind].title} ${JSON.stringify(one)}`);
}

/** @param {import('@arethetypeswrong/core').Package} pack @returns {string[]} */
function sourceProblems(pack) {
  const problems = [];
  for (const path of pack.listFiles()) {
    if (!/\.(js|d\.ts)$/.test(path)) continue;
    const text = pack.readFile(path);
    for (const { fileName } of ts.preProcessFile(text, true, true).importedFiles) {
      const relative = fileName.startsWith('.');
      if (relative && !fileName.endsWith('.js'))
        problems.push(`${path} imports "${fileName}", not a .js file`);
      else if (relative && !pack.fileExists(join(dirname(path), fileName))) {
        problems.push(`${path} imports "${fileName}", which is not in the archive`);
      }
      if (fileName.startsWith('@gantry/') && /\/(src|dist)\//.test(fileName)) {
        problems.push(`${path} imports "${fileName}" past the exports of that package`);
      }
    }
  }
  return problems;
}

const packed = mkdtempSync(join(tmpdir(), 'gantry-pack-'));
let failed = 0;
try {
  const args = ['pack', '--workspaces', '--json', '--loglevel=error', '--pack-destination', packed];
  const npm = spawnSync('npm', args, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (npm.status !== 0) throw new Error(`npm pack failed:\n${npm.stderr}`);
  const answer = JSON.parse(npm.stdout);
  /** @type {{ name: string, filename: string, files: { path: string }[] }[]} */
  const archives = Object.values(answer);
  for (const { name, filename, files } of archives.sort((a, b) => a.name.localeCompare(b.name))) {
    const [scope, short = ''] = name.split('/');
    if (scope !== '@gantry' || short === 'bench') continue;
    const archive = new Uint8Array(readFileSync(join(packed, filename)));
    const pack = createPackageFromTarballData(archive);
    const problems = [
      ...files
        .filter(
          ({ path }) =>
            !/^(dist\/.*|bin\/gantry\.js|proto\/.*\.proto|README\.md|LICENSE|package\.json)$/.test(path),
        )
        .map(({ path }) => `${path} should not be published`),
      ...(await manifestProblems(archive)),
      ...(await typeProblems(pack)),
      ...sourceProblems(pack),
    ];
    failed += problems.length === 0 ? 0 : 1;
    console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name} (${files.length} files)`);
    for (const problem of problems) console.log(`         ${problem}`);
  }
} finally {
  rmSync(packed, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
