/**
 * `npm test`: every check of the repository as one line per stage, in the order of what fails fastest. It stops at
 * the first stage that fails. The last line counts the tests of the vitest stages; a stage that fails without
 * a failed test of its own (a lint error, a file that cannot be loaded) counts as one failure.
 *
 *   --fast      up to the unit, conformance and simulation tests
 *   --verbose   shows the output of every stage as it comes
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seconds, step } from './lib/term.mjs';
import { root } from './setup.mjs';

/**
 * @typedef {{ passed: number, failed: number, skipped: number, missing: string[], notApplicable: number }} Count
 * @typedef {{ name: string, run(options: Options): Promise<{ ok: boolean, count?: Count }> }} Stage
 * @typedef {{ verbose: boolean, reports: string }} Options
 */

const bin = (/** @type {string} */ name) => join(root, 'node_modules/.bin', name);
const env = {
  ...process.env,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
};

/** @param {string} name @param {string} command @param {readonly string[]} args @returns {Stage} */
const command = (name, command, args) => ({
  name,
  run: ({ verbose }) => step(name, command, args, { cwd: root, env, verbose }),
});

/** @param {string} name @param {readonly string[]} projects @returns {Stage} */
const vitest = (name, projects) => ({
  name,
  async run({ verbose, reports }) {
    const report = join(reports, `${projects[0]}.json`);
    const args = [
      join(root, 'node_modules/vitest/vitest.mjs'),
      'run',
      ...projects.flatMap((p) => ['--project', p]),
    ];
    const withReport = { ...env, GANTRY_TEST_REPORT: report };
    const { ok } = await step(name, process.execPath, args, { cwd: root, env: withReport, verbose });
    return { ok, count: count(report) };
  },
});

/** @param {string} report @returns {Count} */
function count(report) {
  /** @type {Count} */
  const sum = { passed: 0, failed: 0, skipped: 0, missing: [], notApplicable: 0 };
  if (!existsSync(report)) return sum;
  for (const file of JSON.parse(readFileSync(report, 'utf8')).testResults) {
    if (file.status === 'failed' && file.assertionResults.length === 0) sum.failed += 1;
    for (const test of file.assertionResults) {
      if (test.status === 'passed') sum.passed += 1;
      else if (test.status === 'failed') sum.failed += 1;
      else if (test.meta?.notApplicable) sum.notApplicable += 1;
      else {
        sum.skipped += 1;
        const want = test.meta?.missingService;
        const why = want ? `needs ${want.service}: ${want.reason}` : 'skipped in its source';
        sum.missing.push(`${test.fullName} (${why})`);
      }
    }
  }
  return sum;
}

/** Every example workspace brings a script that proves it: `test`, or `check`. @type {Stage} */
const examples = {
  name: 'examples',
  async run({ verbose }) {
    for (const folder of readdirSync(join(root, 'examples')).sort()) {
      const file = join(root, 'examples', folder, 'package.json');
      if (!existsSync(file)) continue;
      const scripts = JSON.parse(readFileSync(file, 'utf8')).scripts ?? {};
      const script = ['test', 'check'].find((name) => name in scripts);
      if (script === undefined) {
        console.log(`  example ${folder}: has no test or check script`);
        continue;
      }
      const cwd = join(root, 'examples', folder);
      const { ok } = await step(`example ${folder}`, 'npm', ['run', '--silent', script], {
        cwd,
        env,
        verbose,
      });
      if (!ok) return { ok };
    }
    return { ok: true };
  },
};

/** @type {readonly Stage[]} */
const fast = [
  command('lint and format', bin('biome'), ['check', '.']),
  command('house rules', process.execPath, ['scripts/lint-house.mjs']),
  command('English', process.execPath, ['scripts/lint-english.mjs']),
  command('types', process.execPath, ['node_modules/typescript7/bin/tsc', '-p', 'tsconfig.json']),
  vitest('unit, conformance, simulation', ['unit', 'conformance', 'simulation']),
];

/** @type {readonly Stage[]} */
const slow = [
  vitest('integration', ['integration']),
  vitest('whole clusters', ['clusters']),
  examples,
  command('build', bin('turbo'), ['run', 'build:packages', '--output-logs=errors-only']),
  command('packages as published', process.execPath, ['scripts/check-packages.mjs']),
  command('packages as installed', process.execPath, ['scripts/check-install.mjs']),
  command('API documentation', bin('typedoc'), []),
];

/**
 * @param {readonly string[]} args
 * @returns {Promise<number>} the exit code
 */
export async function runTests(args) {
  const unknown = args.find((arg) => !['--fast', '--verbose'].includes(arg));
  if (unknown !== undefined) {
    console.error(`npm test: unknown option "${unknown}"; there are --fast and --verbose`);
    return 2;
  }
  const began = performance.now();
  const reports = mkdtempSync(join(tmpdir(), 'gantry-test-'));
  const options = { verbose: args.includes('--verbose'), reports };
  /** @type {Count} */
  const total = { passed: 0, failed: 0, skipped: 0, missing: [], notApplicable: 0 };
  let broken;
  try {
    for (const stage of args.includes('--fast') ? fast : [...fast, ...slow]) {
      const { ok, count } = await stage.run(options);
      total.passed += count?.passed ?? 0;
      total.failed += count?.failed ?? 0;
      total.skipped += count?.skipped ?? 0;
      total.missing.push(...(count?.missing ?? []));
      total.notApplicable += count?.notApplicable ?? 0;
      if (ok) continue;
      broken = stage.name;
      if (!count?.failed) total.failed += 1;
      break;
    }
  } finally {
    rmSync(reports, { recursive: true, force: true });
  }
  if (total.missing.length > 0) {
    console.log(`\n  Tests that did not run: ${total.missing.length}`);
    for (const name of total.missing) console.log(`    ${name}`);
  }
  console.log(
    `\n  ${broken === undefined ? 'all stages passed' : `failed in: ${broken}`} in ${seconds(began)}`,
  );
  if (total.notApplicable > 0) {
    console.log(
      `  ${total.notApplicable} cases of kits concern what an implementation says it does not support`,
    );
  }
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return broken === undefined ? 0 : 1;
}
