/**
 * Returns the words of which `word` may be a misspelling, nearest first: edits of at most 40% of its length, but at
 * least one and at most three.
 */
export function similar(word: string, known: Iterable<string>): readonly string[] {
  const limit = Math.min(3, Math.max(1, Math.floor(word.length * 0.4)));
  return [...new Set(known)]
    .map((each) => ({ each, distance: editDistance(word, each, limit) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance || (a.each < b.each ? -1 : 1))
    .slice(0, 3)
    .map(({ each }) => each);
}

/** Returns `did you mean web?`, or undefined. */
export function didYouMean(word: string, known: Iterable<string>): string | undefined {
  const words = similar(word, known);
  return words.length === 0 ? undefined : `did you mean ${words.join(' or ')}?`;
}

/**
 * Number of insertions, deletions, replacements and transpositions between two words; stops counting beyond `limit`.
 */
function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, (row[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (before[j - 2] ?? 0) + 1);
      }
      next.push(best);
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? limit + 1;
}
