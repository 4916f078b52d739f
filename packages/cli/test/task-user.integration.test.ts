import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkTaskUser } from '../src/parts/task-user.ts';

const bin = fileURLToPath(new URL('../bin/gantry.js', import.meta.url));
let home = '';

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'gantry-task-user-'));
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function gantry(...args: string[]): Promise<{ code: number | null; out: string }> {
  const env = { PATH: process.env.PATH, HOME: home, GANTRY_FROM_SOURCE: '1' };
  const child = spawn(process.execPath, [bin, ...args], { cwd: home, env });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      out += part;
    });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out };
}

const service = (name: string, more: object): object => ({
  kind: 'service',
  meta: { name },
  spec: { restart: { condition: 'none' }, template: { command: ['id', '-un'], ...more } },
});

describe.runIf(process.getuid?.() === 0)('--task-user', () => {
  test('is the user of tasks whose template names none', async () => {
    const up = await gantry('up', '-d', '--name', 'users', '--runtime', 'process', '--task-user', 'nobody');
    expect(up).toMatchObject({ code: 0 });
    try {
      const objects = [
        service('default', {}),
        service('own', { user: 'daemon' }),
        service('root', { user: 'root' }),
      ];
      await writeFile(join(home, 'all.json'), objects.map((each) => JSON.stringify(each)).join('\n---\n'));
      expect(await gantry('apply', '-f', 'all.json', '--wait', '--timeout', '60s')).toMatchObject({
        code: 0,
      });
      for (const [name, user] of [
        ['default', 'nobody'],
        ['own', 'daemon'],
        ['root', 'root'],
      ] as const)
        expect((await gantry('logs', name)).out).toContain(user);
    } finally {
      await gantry('down', 'users');
    }
  });

  test('fails the start if the user does not exist', async () => {
    const { code, out } = await gantry(
      'up',
      '--name',
      'nosuch',
      '--runtime',
      'process',
      '--task-user',
      'nosuch',
    );
    expect(code).not.toBe(0);
    expect(out).toContain('option taskUser: user "nosuch" not found on this node');
  });
});

test('--task-user is rejected where it would have no effect', () => {
  expect(() => checkTaskUser('nobody', 'docker', 0)).toThrow('the runtime is docker');
  expect(() => checkTaskUser('nobody', 'process', 1000)).toThrow('does not run as root');
  expect(() => checkTaskUser('nobody', 'process', 0)).not.toThrow();
  expect(() => checkTaskUser(undefined, 'docker', 1000)).not.toThrow();
});
