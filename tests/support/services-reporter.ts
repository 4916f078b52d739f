import type { Reporter, TestCase, TestModule } from 'vitest/node';
import type {} from './services.ts';

/** Says aloud, at the end, which tests did not run because a service is missing. */
export default class ServicesReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const missing = new Map<string, TestCase[]>();
    for (const module of modules) {
      for (const test of module.children.allTests('skipped')) {
        const want = test.meta().missingService;
        if (want === undefined) continue;
        const why = `${want.service} (${want.reason})`;
        missing.set(why, [...(missing.get(why) ?? []), test]);
      }
    }
    for (const [why, tests] of missing) {
      console.log(`\nNOT RUN: ${tests.length} ${tests.length === 1 ? 'test needs' : 'tests need'} ${why}`);
      for (const test of tests) console.log(`  ${test.module.relativeModuleId} > ${test.fullName}`);
    }
  }
}
