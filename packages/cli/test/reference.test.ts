import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { COMMANDS } from '../src/commands/table.ts';
import { EXIT } from '../src/output/exit-codes.ts';
import { referenceText } from '../src/reference-file.ts';
import { Terminal } from './support/terminal.ts';

const path = fileURLToPath(new URL('../../../docs/cli.md', import.meta.url));

test('docs/cli.md is what the commands say (GANTRY_UPDATE_DOCS=1 brings it up to date)', async () => {
  const text = await referenceText();
  if (process.env.GANTRY_UPDATE_DOCS === '1') await writeFile(path, text);
  expect(await readFile(path, 'utf8')).toBe(text);
});

test('the reference has every command, and every exit code', async () => {
  const text = await referenceText();
  for (const { name } of COMMANDS) expect(text).toContain(`### gantry ${name}\n`);
  for (const code of Object.values(EXIT)) expect(text).toContain(`\n| ${code} | `);
});

test('help is shown for the program and for every command, and exits without an error', async () => {
  await using terminal = await Terminal.open({ columns: 80 });
  const whole = await terminal.run('--help');
  expect(whole).toMatchObject({ code: 0, err: '' });
  expect((await terminal.run([])).out).toBe(whole.out);
  for (const { name, summary } of COMMANDS) {
    expect(whole.out).toContain(name);
    const { code, out } = await terminal.run(`${name} --help`);
    expect({ name, code }).toEqual({ name, code: 0 });
    expect(out.replace(/\s+/g, ' ')).toContain(summary);
    expect((await terminal.run(`help ${name}`)).out).toBe(out);
  }
  for (const line of whole.out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
});

test('a command, an option or an operand that is wrong exits with 2 and says what may be meant', async () => {
  await using terminal = await Terminal.open();
  expect(await terminal.run('gte')).toMatchObject({
    code: 2,
    err: expect.stringContaining('Did you mean get?'),
  });
  expect(await terminal.run('get svc --selctor x')).toMatchObject({
    code: 2,
    err: expect.stringContaining('--selector'),
  });
  expect(await terminal.run('rollout statsu web')).toMatchObject({
    code: 2,
    err: expect.stringContaining('status'),
  });
  expect(await terminal.run('scale')).toMatchObject({
    code: 2,
    err: expect.stringContaining('missing required argument'),
  });
  expect(await terminal.run('rollout')).toMatchObject({ code: 2 });
});
