/**
 * Splits a commit into runs, in order, none of which has a key twice: all changes of a run can be in flight together.
 */
export function splitChanges<C extends { readonly key: string }>(changes: readonly C[]): readonly C[][] {
  const runs: C[][] = [];
  let run: C[] = [];
  let keys = new Set<string>();
  for (const change of changes) {
    if (keys.has(change.key)) {
      runs.push(run);
      run = [];
      keys = new Set();
    }
    keys.add(change.key);
    run.push(change);
  }
  if (run.length > 0) runs.push(run);
  return runs;
}
