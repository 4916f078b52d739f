import { defaultServerConditions } from 'vite';
import { defineConfig } from 'vitest/config';

/** Sources are tested as they stand: `@gantry/source` names the .ts file of every workspace package. */
const conditions = ['@gantry/source', ...defaultServerConditions];

/** One project per kind of test, told apart by the file name; plain `*.test.ts` is what no other kind claims. */
const folders = ['packages/*/test', 'plugins/*/test', 'examples/*/test', 'bench/test', 'tests'];
const files = (suffix: string) => folders.map((folder) => `${folder}/**/*.${suffix}.ts`);

/** Whole clusters of many processes, or under load: one at a time, as they take the machine for themselves. */
const CLUSTERS = ['tests/{agent-restart,api,cluster,ha,survive}/**/*.integration.test.ts'];

/** Ends a test that hangs. No test depends on the speed of the machine, so this is far beyond what any of them takes. */
const TEST_MS = 60_000;

/** `scripts/run.mjs` asks for a machine-readable report beside what a person reads. */
const report = process.env.GANTRY_TEST_REPORT;

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    environment: 'node',
    retry: 0,
    // `expect.poll` waits for a condition, not for a time: its default of 1 s would be the speed of the machine.
    expect: { poll: { timeout: TEST_MS / 2, interval: 20 } },
    teardownTimeout: 30_000,
    maxWorkers: '100%',
    passWithNoTests: true,
    globalSetup: ['./tests/support/probe-services.ts'],
    reporters: ['default', './tests/support/services-reporter.ts', ...(report ? ['json'] : [])],
    ...(report ? { outputFile: { json: report } } : {}),
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: files('test'),
          exclude: ['**/node_modules/**', '**/*.{conformance,sim,integration}.test.ts'],
          testTimeout: TEST_MS,
          // Gantry's modules have no state, so tests need no modules of their own: that halves the time.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'conformance',
          include: files('conformance.test'),
          testTimeout: TEST_MS,
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'simulation', include: files('sim.test'), testTimeout: 10 * TEST_MS },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: files('integration.test'),
          exclude: ['**/node_modules/**', ...CLUSTERS],
          pool: 'forks',
          sequence: { groupOrder: 1 },
          testTimeout: 3 * TEST_MS,
          hookTimeout: 3 * TEST_MS,
        },
      },
      {
        extends: true,
        test: {
          name: 'clusters',
          include: CLUSTERS,
          pool: 'forks',
          fileParallelism: false,
          sequence: { groupOrder: 2 },
          testTimeout: 3 * TEST_MS,
          hookTimeout: 3 * TEST_MS,
        },
      },
    ],
  },
});
