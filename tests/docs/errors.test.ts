import { ERROR_CODES } from '@gantry/core';
import { expect, test } from 'vitest';
import { read } from './support/documents.ts';

/** Each section of docs/errors.md: its code, and what it says of retries. */
function documented(): Record<string, string | undefined> {
  const sections = read('docs/errors.md').split(/^## /m).slice(1);
  return Object.fromEntries(
    sections.map((section) => [
      section.slice(0, section.indexOf('\n')),
      /^\*\*Retry:\*\* `(\w+)`/m.exec(section)?.[1],
    ]),
  );
}

test('docs/errors.md explains every code and no other, and says of each whether it is retried', () => {
  const codes = Object.entries(ERROR_CODES).map(([code, { retry }]) => [code, retry]);
  expect(documented()).toEqual(Object.fromEntries(codes));
});

test('every section says when it happens and what to do', () => {
  const sections = read('docs/errors.md').split(/^## /m).slice(1);
  for (const section of sections) {
    expect(section).toMatch(/^\*\*When:\*\* .{20}/m);
    expect(section).toMatch(/^\*\*What to do:\*\* .{20}/m);
  }
});
