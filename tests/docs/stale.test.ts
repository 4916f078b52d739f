import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');
const folder = (path: string): string[] =>
  readdirSync(join(root, path)).flatMap((name) => (name.endsWith('.md') ? [`${path}/${name}`] : []));

test.each(folder('docs/coming-from'))('%s does not list several hosts as missing', (file) => {
  const missing = read(file).split('## Missing features')[1] ?? '';
  expect(missing).not.toMatch(/several hosts|high availability|managers that replicate/i);
  expect(read(file)).not.toMatch(/no several-host mode|one process for now/);
});

test("README's status names several hosts", () => {
  const status = read('README.md').match(/^Status: .*$/m)?.[0] ?? '';
  expect(status).toContain('docs/guide/several-hosts.md');
  expect(status).not.toMatch(/, one host\b/);
});

test("the control plane's README names every plugin it exports, and leader election", () => {
  const text = read('packages/control/README.md');
  const exported = [...read('packages/control/src/index.ts').matchAll(/\b([a-z]\w+)\b(?=[ ,}])/g)].map(
    ([, name]) => name,
  );
  for (const name of [
    'controlPlane',
    'eventPublisher',
    'garbageCollector',
    'leaseLeadership',
    'schemaGuard',
    'planService',
  ]) {
    expect(exported).toContain(name);
    expect(text).toContain(`\`${name}(`);
  }
  expect(text).not.toContain('There is no leader election');
});

test('no page tells readers to alias gantry to npx', () => {
  for (const file of ['README.md', ...folder('docs'), ...folder('docs/guide'), ...folder('docs/coming-from')])
    expect(read(file), file).not.toMatch(/alias gantry=/);
});

test("the demo's picture and output show each step once", () => {
  const lines = [...read('docs/images/demo.svg').matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(
    ([, line]) => line,
  );
  const steps = lines.flatMap((line) => /^✓ ([^:]*)/.exec(line ?? '')?.[1] ?? []);
  expect(steps.length).toBeGreaterThan(5);
  for (const step of steps) expect(lines.filter((line) => line?.includes(step))).toHaveLength(1);
  expect(lines.at(-1)).toBe('demo: ok');
});
