import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAlive, readState } from '../src/local/state.ts';

const bin = fileURLToPath(new URL('../bin/gantry.js', import.meta.url));
let home = '';
let env: Record<string, string> = {};

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'gantry-output-'));
  env = { PATH: process.env.PATH ?? '', HOME: home, GANTRY_FROM_SOURCE: '1' };
});
afterAll(() => rm(home, { recursive: true, force: true }));

/** Runs a line of shell, in which `gantry` is the program. */
async function shell(line: string): Promise<{ code: number | null; out: string; err: string }> {
  const text = `gantry() { "${process.execPath}" "${bin}" "$@"; }\n${line}`;
  const child = spawn('bash', ['-c', text], { cwd: home, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    said.out += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    said.err += part;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...said };
}

async function eventually(what: string, check: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await check())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('a command whose output cannot be written', () => {
  test.each(['version', '--help', 'completion bash'])(
    '`gantry %s > /dev/full` exits with 1 and says why',
    async (line) => {
      const { code, err } = await shell(`gantry ${line} > /dev/full`);
      expect([code, err]).toEqual([1, 'error: OUTPUT the output could not be written: ENOSPC\n']);
    },
  );

  test('exits with 1 without a word if its reader is gone', async () => {
    const { out, err } = await shell('set -o pipefail; gantry completion bash | true; echo "$?"');
    expect([out, err]).toEqual(['1\n', '']);
  });

  test('exits with 1 if only standard error cannot be written', async () => {
    expect((await shell('gantry get 2> /dev/full')).code).toBeGreaterThan(0);
  });

  test('exits with 1 if the disk is full in the middle of its output', async (context) => {
    const disk = join(home, 'small');
    const mounted = await shell(`mkdir -p ${disk} && mount -t tmpfs -o size=4k small ${disk}`);
    if (mounted.code !== 0) return context.skip('needs permission to mount a tmpfs');
    try {
      const { code, err } = await shell(
        `printf %4090s x > ${disk}/out; gantry completion bash >> ${disk}/out`,
      );
      expect((await stat(join(disk, 'out'))).size).toBe(4096);
      expect([code, err]).toEqual([1, 'error: OUTPUT the output could not be written: ENOSPC\n']);
    } finally {
      execFileSync('umount', ['-l', disk]);
    }
  });
});

describe('a cluster whose output cannot be written', () => {
  const service = `
kind: service
meta: { name: a }
spec: { template: { command: [sleep, "1000"] } }
`;

  async function runs(name: string): Promise<boolean> {
    const state = await readState(env, name);
    return state !== undefined && (await isAlive(state));
  }

  test.each([
    [
      'on a full disk',
      (name: string) => `gantry up --name ${name} --runtime process --log-level debug > /dev/full 2>&1`,
    ],
    [
      'read by a process that has ended',
      (name: string) =>
        `gantry up --name ${name} --runtime process --log-level debug 2>&1 | true; exit "\${PIPESTATUS[0]}"`,
    ],
    [
      'whose reader does not read',
      (name: string) =>
        `gantry up --name ${name} --runtime process --log-level debug > >(exec sleep 15 > /dev/null 2>&1) 2>&1`,
    ],
  ])('keeps running with its tasks, counts, and ends with 0: %s', async (title, up) => {
    const name = `lossy-${title.length}`;
    const ended = shell(up(name));
    await eventually('the cluster runs', () => runs(name));
    const state = await readState(env, name);
    await writeFile(join(home, 'a.yaml'), service);
    const created = await shell(
      `gantry context use ${name} && gantry apply --wait -f a.yaml && gantry get tasks --no-headers`,
    );
    expect([created.code, created.err.includes('error')], created.err).toEqual([0, false]);
    expect(created.out).toContain('running');
    expect(await runs(name)).toBe(true);
    process.kill(state?.pid as number, 'SIGTERM');
    expect((await ended).code).toBe(0);
    expect(await runs(name)).toBe(false);
  });
});
