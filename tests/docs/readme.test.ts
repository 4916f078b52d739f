import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blocksOf, documents, read, root } from './support/documents.ts';

const text = read('README.md');
const blocks = blocksOf('README.md', text);

describe('README.md', () => {
  test('names every package, plugin and example, and no other', () => {
    const named = new Set(
      [...text.matchAll(/\]\(((?:packages|plugins|examples)\/[a-z-]+)\)/g)].map(([, to]) => to),
    );
    const there = ['packages', 'plugins', 'examples'].flatMap((folder) =>
      readdirSync(join(root, folder))
        .map((name) => `${folder}/${name}`)
        .filter((path) => existsSync(join(root, path, 'package.json'))),
    );
    expect([...named].sort()).toEqual(there.sort());
  });

  test.each([
    ['examples/embedded/src/main.ts#embedded', 15],
    ['examples/custom-scheduler/src/zone-spread-scheduler.ts', 25],
  ])('shows the whole of %s, in at most %i lines', (source, most) => {
    const block = blocks.find((each) => each.source === source);
    expect(block?.code.split('\n').length).toBeLessThanOrEqual(most);
  });

  test('leads to a kind and its controller in at most 80 lines', () => {
    const lines = read('examples/custom-kind/src/office-hours.ts').trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(80);
    expect(lines.filter((line) => / as [A-Za-z]/.test(line))).toEqual([]); // and without a cast
  });

  test('tells how to start', () => {
    const commands = blocks.filter(({ language }) => language === 'sh').map(({ code }) => code);
    expect(commands.join('\n')).toMatch(/^npm run demo\b/);
  });
});

test.each(documents())('%s has no code outside of its blocks', (document) => {
  let inside = false;
  const stray = read(document)
    .split('\n')
    .flatMap((line, index) => {
      if (line.startsWith('```')) inside = !inside;
      return !inside && /^(import|export|const) .*[;{(]$|^\/\*\*/.test(line) ? [`${index + 1} ${line}`] : [];
    });
  expect(stray).toEqual([]);
});

/** Rendered from a run of the demo; README.md may be ahead of it. */
const RENDERED = 'docs/images/demo.svg';

/** Targets of links and pictures that should be files of the repository, and are not. */
function brokenLinks(document: string, markdown: string): string[] {
  return [...markdown.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, to]) => to as string)
    .filter((to) => !/^[a-z]+:/.test(to) && to !== RENDERED)
    .filter((to) => {
      const [path = '', anchor] = to.split('#');
      const file = path === '' ? document : join(dirname(document), path);
      if (!existsSync(join(root, file))) return true;
      return anchor !== undefined && !anchorsOf(read(file)).has(anchor);
    });
}

/** The anchors GitHub gives to headings. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => heading as string);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('links', () => {
  test.each(documents())('lead somewhere in %s', (document) => {
    expect(brokenLinks(document, read(document))).toEqual([]);
  });

  test('one that leads nowhere is found', () => {
    const links = '[a](docs/nothing.md) [b](README.md#no-such-heading) [c](https://example.org)';
    expect(brokenLinks('README.md', links)).toEqual(['docs/nothing.md', 'README.md#no-such-heading']);
  });
});
