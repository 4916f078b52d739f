import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withHeader, withoutHeader } from '../src/edit/edit-document.ts';
import { mergePatchOf } from '../src/edit/merge-patch.ts';
import { editorOf } from '../src/edit/run-editor.ts';
import { type Bench, openBench, serviceYaml } from './support/cluster.ts';

let bench: Bench;
let folder: string;
beforeAll(async () => {
  bench = await openBench();
  folder = mkdtempSync(join(tmpdir(), 'gantry-editor-'));
});
afterAll(async () => {
  await bench[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** An editor that runs a script on the file, which it finds in $1, and keeps a copy of each version it was given. */
function editor(name: string, script: string): Record<string, string> {
  const file = join(folder, `${name}.sh`);
  writeFileSync(file, `cp "$1" ${folder}/${name}.$(ls ${folder} | grep -c '^${name}[.][0-9]')\n${script}\n`);
  return { EDITOR: `sh ${file}` };
}
const given = (name: string, time: number): string => readFileSync(join(folder, `${name}.${time}`), 'utf8');

const spec = async (name: string) => (await bench.cluster.api.get('service', name)).spec;
const create = (name: string) => bench.run('apply -f -', { stdin: serviceYaml(name) });

describe('gantry edit', () => {
  test('stores exactly the changes made in the editor', async () => {
    await create('web');
    const before = await spec('web');
    const env = editor('plain', 'sed -i "s/replicas: 2/replicas: 3/; s/app: web/app: web2/" "$1"');
    expect(await bench.run('edit service web', { env })).toEqual({
      code: 0,
      out: 'service/web edited\n',
      err: '',
    });
    expect(await spec('web')).toEqual({ ...before, replicas: 3 });
    expect((await bench.cluster.api.get('service', 'web')).meta.labels).toEqual({ app: 'web2' });
    expect(given('plain', 0)).toMatch(/^# Edit service\/web\.[^\n]*\n(#[^\n]*\n)*kind: service\n/);
    expect(given('plain', 0)).not.toMatch(/^status:|revision|managers/m);
  });

  test('a file that is saved as it was, or emptied, changes nothing', async () => {
    await create('same');
    expect((await bench.run('edit service/same', { env: editor('same', ':') })).out).toBe(
      'service/same unchanged\n',
    );
    expect((await bench.run('edit service/same', { env: editor('empty', ': > "$1"') })).out).toBe(
      'service/same unchanged: the edit was cancelled\n',
    );
  });

  test("opens an invalid object again, with the reason above it and the user's text below", async () => {
    await create('twice');
    const env = editor(
      'twice',
      'if grep -q "^# error" "$1"; then sed -i "s/replicas: -1/replicas: 4/" "$1"; else sed -i "s/replicas: 2/replicas: -1/" "$1"; fi',
    );
    expect((await bench.run('edit service twice', { env })).out).toBe('service/twice edited\n');
    expect((await spec('twice')).replicas).toBe(4);
    expect(given('twice', 1)).toMatch(/# error: INVALID_OBJECT [\s\S]*spec\.replicas[\s\S]*replicas: -1/);
  });

  test.each([
    ['a syntax error', 's/^spec:$/spec: [/', /INVALID_OBJECT/],
    ['another name', 's/name: broken/name: other/', /meta\.name cannot be changed from broken to other/],
    ['an unknown field', 's/^spec:/specs:/', /specs/],
  ])('ends with the error and keeps the file if the editor leaves %s', async (_what, change, message) => {
    await create('broken');
    const before = await spec('broken');
    const { code, err } = await bench.run('edit service broken', {
      env: editor('broken', `sed -i "${change}" "$1"`),
    });
    expect(code).toBe(1);
    expect(err).toMatch(message);
    const [, file = ''] = /your changes are kept in (\S+)/.exec(err) ?? [];
    expect(existsSync(file)).toBe(true);
    rmSync(join(file, '..'), { recursive: true });
    expect(await spec('broken')).toEqual(before);
  });

  test('an object that was changed concurrently is a conflict, and the file is kept', async () => {
    await create('raced');
    const env = editor(
      'raced',
      `touch ${folder}/raced.open; while [ -e ${folder}/raced.open ]; do sleep 0.05; done; sed -i "s/replicas: 2/replicas: 7/" "$1"`,
    );
    const editing = bench.run('edit service raced', { env });
    await expect.poll(() => existsSync(join(folder, 'raced.open')), { timeout: 30_000 }).toBe(true);
    await bench.cluster.api.scale('raced', 5);
    rmSync(join(folder, 'raced.open'));
    const { code, err } = await editing;
    expect(code).toBe(4);
    expect(err).toContain('service/raced was changed while it was edited');
    const [, file = ''] = /your changes are kept in (\S+)/.exec(err) ?? [];
    expect(readFileSync(file, 'utf8')).toContain('replicas: 7');
    rmSync(join(file, '..'), { recursive: true });
    expect((await spec('raced')).replicas).toBe(5);
  });

  test('an editor that fails or does not exist is named', async () => {
    await create('failing');
    expect(await bench.run('edit service failing', { env: { EDITOR: 'false' } })).toMatchObject({
      code: 1,
      err: expect.stringContaining('the editor "false" exited with 1'),
    });
    expect(await bench.run('edit service failing', { env: { EDITOR: '/nonexistent/ed' } })).toMatchObject({
      code: 1,
      err: expect.stringContaining('set one of GANTRY_EDITOR, VISUAL, EDITOR'),
    });
    expect(await bench.run('edit task x.1')).toMatchObject({
      code: 1,
      err: expect.stringContaining('UNSUPPORTED'),
    });
    expect((await bench.run('edit service missing')).code).toBe(3);
    expect((await bench.run('edit service')).code).toBe(2);
  });

  test('GANTRY_EDITOR goes before VISUAL, VISUAL before EDITOR', () => {
    expect(editorOf({ GANTRY_EDITOR: 'a', VISUAL: 'b', EDITOR: 'c' })).toBe('a');
    expect(editorOf({ GANTRY_EDITOR: ' ', VISUAL: 'b', EDITOR: 'c' })).toBe('b');
    expect(editorOf({ EDITOR: 'c' })).toBe('c');
    expect(editorOf({})).toBe('vi');
  });
});

describe('an edited document', () => {
  test('has its header above it and loses it again, whatever the reason contains', () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.string(), { maxLength: 3 }), (message, issues) => {
        const problem = { code: 'X', message, issues: issues.map((each) => ({ path: 'a', message: each })) };
        const body = 'kind: service\n# a comment of the user\nspec: {}\n';
        fc.pre(!/[\r\u2028\u2029\u0085]/.test(message + issues.join('')));
        expect(withoutHeader(withHeader(body, 'service/x', problem))).toBe(body);
      }),
    );
  });

  const value = fc.letrec((tie) => ({
    any: fc.oneof(fc.integer(), fc.boolean(), fc.string(), fc.array(fc.integer()), tie('object')),
    object: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), tie('any'), { maxKeys: 4 }),
  })).object as fc.Arbitrary<Record<string, unknown>>;
  const merge = (target: unknown, patch: unknown): unknown => {
    if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
    const is = typeof target === 'object' && target !== null && !Array.isArray(target);
    const merged: Record<string, unknown> = is ? { ...target } : {};
    for (const [key, each] of Object.entries(patch)) {
      if (each === null) delete merged[key];
      else merged[key] = merge(merged[key], each);
    }
    return merged;
  };

  test('becomes a merge patch that makes the one out of the other', () => {
    fc.assert(
      fc.property(value, value, (before, after) => {
        const patch = mergePatchOf(before, after);
        expect(patch === undefined ? before : merge(before, patch)).toEqual(after);
      }),
    );
    expect(mergePatchOf({ a: { b: 1 } }, { a: { b: 1 } })).toBeUndefined();
  });
});
