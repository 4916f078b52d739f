import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';

const SCRIPT = join(import.meta.dirname, '../../../scripts/compose-corpus.mjs');
const FILES: Readonly<Record<string, string>> = {
  'app/compose.yaml': 'services: { web: { image: "x:$' + '{TAG:?set it}" } }\n',
  'app/overrides/compose.debug.yaml': 'services: { web: { environment: { DEBUG: "1" } } }\n',
  'odd/docker-compose.yml': 'services: { web: { image: x, privileged: true } }\n',
  'wrong/compose.yml': 'services: { web: { image: x, ports: ["nowhere"] } }\n',
  'other/values.yaml': 'replicas: 3\n',
};

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'gantry-corpus-'));
  for (const [name, text] of Object.entries(FILES)) {
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('the script prints each Compose file with what becomes of it, and totals', {
  timeout: 60_000,
}, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, directory]);
  const [, ...lines] = stdout.trimEnd().split('\n');
  expect(lines.map((line) => line.replace(/ {2,}/g, ' '))).toEqual([
    'app/compose.yaml converted converted',
    'app/overrides/compose.debug.yaml converted converted (over compose.yaml)',
    expect.stringMatching(
      /^odd\/docker-compose.yml rejected converted docker-compose.yml:1 services.web.privileged: /,
    ),
    expect.stringMatching(/^wrong\/compose.yml rejected rejected compose.yml:1 services.web.ports\[0\]: /),
    '',
    '4 files: 2 converted strictly, 3 leniently',
  ]);
});

test('the script without a directory exits with 2', { timeout: 60_000 }, async () => {
  await expect(promisify(execFile)(process.execPath, [SCRIPT])).rejects.toMatchObject({ code: 2 });
});
