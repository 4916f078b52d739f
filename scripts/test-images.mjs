/**
 * Makes the images the Docker tests run, from files of this machine; no registry is asked. What is there stays.
 *
 *   gantry-test/busybox:1   busybox-static with all its applets
 *   gantry-test/node:1      the same with this machine's node and the libraries it needs
 *
 *   node scripts/test-images.mjs [--force]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Dynamically linked busyboxes are of no use here; Debian's busybox-static installs at one of these. */
const busyboxes = ['/bin/busybox', '/usr/bin/busybox'];
const environment = 'ENV PATH=/usr/local/bin:/usr/bin:/bin';

/** @typedef {{ name: string, fill(root: string): void, changes: readonly string[] }} Image */

/** @param {string} program */
const libraries = (program) => {
  const { status, stdout } = spawnSync('ldd', [program], { encoding: 'utf8' });
  if (status !== 0) return [];
  return stdout.split('\n').flatMap((line) => line.match(/(\/\S+) \(0x/)?.[1] ?? []);
};

/** @param {string} root */
function busybox(root) {
  const source = busyboxes.find((file) => existsSync(file) && libraries(file).length === 0);
  if (source === undefined) throw new Error('busybox-static is not installed');
  for (const folder of ['bin', 'etc', 'tmp', 'usr/local/bin', 'proc', 'sys', 'dev', 'root', 'var/tmp']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  execFileSync('chmod', ['1777', join(root, 'tmp'), join(root, 'var/tmp')]);
  copyFileSync(source, join(root, 'bin/busybox'));
  for (const applet of execFileSync(source, ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
    if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
  }
  writeFileSync(
    join(root, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/tmp:/bin/sh\n',
  );
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n');
}

/** @param {string} root */
function node(root) {
  busybox(root);
  const program = realpathSync(process.execPath);
  copyFileSync(program, join(root, 'usr/local/bin/node'));
  for (const library of libraries(program)) {
    mkdirSync(dirname(join(root, library)), { recursive: true });
    copyFileSync(realpathSync(library), join(root, library));
  }
}

/** @type {readonly Image[]} */
const images = [
  { name: 'gantry-test/busybox:1', fill: busybox, changes: [environment, 'CMD ["sh"]'] },
  { name: 'gantry-test/node:1', fill: node, changes: [environment, 'CMD ["node"]'] },
];

/** @param {readonly string[]} args */
const docker = (args) => spawnSync('docker', args, { encoding: 'utf8' });

/**
 * @param {{ force?: boolean, say?: (line: string) => void }} [options]
 */
export function makeTestImages({ force = false, say = () => {} } = {}) {
  for (const { name, fill, changes } of images) {
    if (!force && docker(['image', 'inspect', name]).status === 0) {
      say(`${name} is there`);
      continue;
    }
    const root = mkdtempSync(join(tmpdir(), 'gantry-image-'));
    const archive = `${root}.tar`;
    try {
      fill(root);
      execFileSync('chmod', ['755', root]);
      execFileSync('tar', ['--owner=0', '--group=0', '--numeric-owner', '-C', root, '-cf', archive, '.']);
      const { status, stderr } = docker([
        'import',
        ...changes.flatMap((change) => ['--change', change]),
        archive,
        name,
      ]);
      if (status !== 0) throw new Error(`docker import ${name}: ${stderr}`);
      say(`${name} made`);
    } finally {
      rmSync(root, { recursive: true, force: true });
      rmSync(archive, { force: true });
    }
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  makeTestImages({ force: process.argv.includes('--force'), say: console.log });
}
