/** `npm run demo`, `npm run bench` and `npm test`: each sets up what it needs, then runs. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { foreground } from './lib/child.mjs';
import { root, setup } from './setup.mjs';

/** Workspace packages resolve to their sources, and tsx runs those: there is nothing to build. */
const fromSource = ['--conditions=@gantry/source', '--import', 'tsx'];

/** What docs/operations.md tells those who run large clusters: V8's young generation of 16 MiB is collected too often. */
const tuned = ['--max-semi-space-size=64'];

/** @param {readonly string[]} args */
const demo = (args) =>
  foreground([...fromSource, join(root, 'examples/hello/src/main.ts'), ...args], { cwd: root });

/** @param {readonly string[]} args */
async function bench([name, ...args]) {
  const folder = join(root, 'bench/src');
  const names = existsSync(folder)
    ? readdirSync(folder)
        .filter((file) => file.endsWith('.ts'))
        .map((file) => file.slice(0, -'.ts'.length))
        .sort()
    : [];
  if (name === undefined || !names.includes(name)) {
    if (name !== undefined) console.error(`There is no benchmark "${name}".`);
    console.error(`usage: npm run bench -- NAME [options]\nbenchmarks: ${names.join(', ') || 'none yet'}`);
    return name === undefined ? 0 : 2;
  }
  return foreground([...tuned, ...fromSource, join(folder, `${name}.ts`), ...args], { cwd: root });
}

/** @param {readonly string[]} args */
async function test(args) {
  const { runTests } = await import('./test.mjs');
  return runTests(args);
}

const commands = { demo, bench, test };
const [command = '', ...args] = process.argv.slice(2);
if (!(command in commands)) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(commands).join('|')} [options]`);
  process.exit(2);
}
if (!(await setup({ verbose: args.includes('--verbose') }))) process.exit(1);
process.exitCode = await commands[/** @type {keyof typeof commands} */ (command)](args);
// The child has ended: nothing here may keep the process alive.
process.exit();
