/** Brings node_modules in step with package-lock.json; does nothing when it is. Node's own modules only. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { step } from './lib/term.mjs';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lockFile = join(root, 'package-lock.json');
const modules = join(root, 'node_modules');
const stampFile = join(modules, '.gantry-setup');
const oldest = { major: 20, minor: 19 };

/** @param {string} file @returns {string | undefined} */
const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

const wanted = () =>
  createHash('sha256')
    .update(readFileSync(lockFile))
    .update(`${process.platform}-${process.arch}`)
    .digest('hex');

/** Whether what npm noted of its last installation is what the lock file asks for. */
function npmAgrees() {
  const noted = read(join(modules, '.package-lock.json'));
  if (noted === undefined) return false;
  const have = JSON.parse(noted).packages;
  const want = JSON.parse(readFileSync(lockFile, 'utf8')).packages;
  return Object.entries(want).every(([where, entry]) => {
    if (!where.includes('node_modules/')) return true;
    const found = have[where];
    if (found === undefined)
      return entry.optional === true || entry.devOptional === true || entry.peer === true;
    return (
      found.version === entry.version && found.integrity === entry.integrity && found.link === entry.link
    );
  });
}

/** Why an installation is needed, or undefined when node_modules is in step. */
function whyInstall() {
  if (!existsSync(modules)) return 'nothing is installed yet';
  const stamp = wanted();
  if (read(stampFile)?.trim() === stamp) return undefined;
  if (!npmAgrees()) return 'node_modules is out of step with package-lock.json';
  writeFileSync(stampFile, `${stamp}\n`);
  return undefined;
}

/**
 * Installs from the lock file when that is needed.
 *
 * @param {{ verbose?: boolean }} [options]
 * @returns {Promise<boolean>} false when it failed
 */
export async function setup({ verbose = false } = {}) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < oldest.major || (major === oldest.major && minor < oldest.minor)) {
    console.error(`Gantry needs Node ${oldest.major}.${oldest.minor} or later; this is ${process.version}.`);
    return false;
  }
  const why = whyInstall();
  if (why === undefined) return true;
  console.log(`setup: ${why}`);
  const npm = process.env.npm_execpath;
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=warn'];
  const { ok } = npm?.endsWith('.js')
    ? await step('install from package-lock.json', process.execPath, [npm, ...args], { cwd: root, verbose })
    : await step('install from package-lock.json', 'npm', args, { cwd: root, verbose });
  if (ok) writeFileSync(stampFile, `${wanted()}\n`);
  return ok;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const ok = await setup({ verbose: process.argv.includes('--verbose') });
  if (ok) console.log('setup: node_modules is in step with package-lock.json');
  process.exit(ok ? 0 : 1);
}
