import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BASH_SCRIPT } from '../src/completion/bash-script.ts';

const launcher = fileURLToPath(new URL('../bin/gantry.js', import.meta.url));
const TIMEOUT_MS = 120_000;

describe('the launcher', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'gantry-bin-'));
    await symlink(launcher, join(folder, 'gantry'));
    await writeFile(join(folder, 'real.env'), 'FROM_FILE=1\n');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each(['/nonexistent/env', 'real.env'])('leaves --env-file %s behind the command to gantry', (file) => {
    const args = ['service', 'create', '--env-file', file, '--name', 'x', 'image'];
    const env = { PATH: process.env.PATH, HOME: folder };
    const { stderr } = spawnSync(join(folder, 'gantry'), args, { cwd: folder, env, encoding: 'utf8' });
    expect(stderr).toMatch(/^error: /);
    expect(stderr).not.toContain('node:');
  });

  test(
    'completes in bash without other packages, even if the script was loaded twice',
    async () => {
      await writeFile(join(folder, 'completion.bash'), BASH_SCRIPT);
      const at = (line: string, words: readonly string[]): string[] => {
        const program = `
        set -eu
        source completion.bash; source completion.bash
        COMP_LINE=${quoted(line)} COMP_POINT=${line.length} COMP_WORDS=(${words.map(quoted).join(' ')})
        COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
        _gantry_complete
        printf '%s\\n' "\${COMPREPLY[@]}"`;
        const env = { PATH: `${folder}:${process.env.PATH}`, HOME: folder };
        const { stdout, stderr } = spawnSync('bash', ['--norc', '--noprofile', '-c', program], {
          cwd: folder,
          env,
          encoding: 'utf8',
        });
        expect(stderr).toBe('');
        return stdout.split('\n').filter((word) => word !== '');
      };
      expect(at('gantry rollout re', ['gantry', 'rollout', 're'])).toEqual(['resume', 'restart']);
      expect(at('gantry up --runtime=do', ['gantry', 'up', '--runtime', '=', 'do'])).toEqual(['docker']);
      expect(at('gantry up --runtime=', ['gantry', 'up', '--runtime', '='])).toEqual([
        'process',
        'docker',
        'fake',
      ]);
      expect(at('gantry up --runtime ', ['gantry', 'up', '--runtime', ''])).toContain('process');
    },
    TIMEOUT_MS,
  );
});

const quoted = (word: string): string => `'${word}'`;
