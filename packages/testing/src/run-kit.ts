import type { Case, CaseResult, Fixture, Kit, KitOptions } from './kit.ts';
import { patience } from './patience.ts';

const DEFAULT_PATIENCE_MS = 20_000;

/** Runs one case on a fresh subject, and cleans the subject up in any case. */
export async function runCase<Subject>(
  testCase: Case<Subject>,
  make: () => Promise<Fixture<Subject>> | Fixture<Subject>,
  options: KitOptions = {},
): Promise<CaseResult> {
  const { name } = testCase;
  const over = new AbortController();
  const context = patience(options.patienceMs ?? DEFAULT_PATIENCE_MS, over.signal);
  let fixture: Fixture<Subject> | undefined;
  try {
    fixture = await context.within(Promise.resolve(make()), 'the subject to be made');
    const reason = testCase.skip?.(fixture.subject);
    if (reason !== undefined) return { name, outcome: 'skipped', reason };
    await testCase.run(fixture.subject, context);
    return { name, outcome: 'passed' };
  } catch (error) {
    return { name, outcome: 'failed', error };
  } finally {
    over.abort();
    // A wreck may fail even to close: its case has been judged already.
    await context.within(Promise.resolve(fixture?.close?.()), 'the subject to close').catch(() => undefined);
  }
}

/** Runs every case of a kit, each on a subject of its own, and reports each result. */
export async function runKit<Subject>(
  kit: Kit<Subject>,
  make: () => Promise<Fixture<Subject>> | Fixture<Subject>,
  options: KitOptions = {},
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const testCase of kit.cases) results.push(await runCase(testCase, make, options));
  return results;
}
