import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validateInput } from '@gantry/core';
import { describe, expect, test } from 'vitest';
import { convertProject, loadCompose, nodeFiles } from '../src/index.ts';
import { convert, load } from './support/project.ts';

const COMPOSE = 'services: { web: { image: x } }\n';

describe('without named files', () => {
  const named = async (...names: readonly string[]): Promise<readonly string[]> => {
    const read = async (path: string): Promise<string | undefined> =>
      names.includes(path) ? COMPOSE : undefined;
    return (await loadCompose({ directory: 'app', read })).files;
  };

  test('the first of the usual names counts, with its override', async () => {
    expect(await named('app/compose.yaml', 'app/docker-compose.yml')).toEqual(['app/compose.yaml']);
    expect(await named('app/docker-compose.yml', 'app/docker-compose.override.yml')).toEqual([
      'app/docker-compose.yml',
      'app/docker-compose.override.yml',
    ]);
  });

  test('none of them is NOT_FOUND', async () => {
    await expect(named()).rejects.toMatchObject({ code: 'NOT_FOUND', message: /none of compose.yaml/ });
  });
});

describe('a project', () => {
  test('is named after its folder, made a name', async () => {
    const read = async (): Promise<string | undefined> => COMPOSE;
    const project = await loadCompose({
      files: ['/srv/_My.App 2/compose.yaml'],
      read: async (path) => (path.endsWith('.env') ? undefined : read()),
    });
    expect(project.name).toBe('myapp2');
  });

  test('from the file system is the same as from texts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'gantry-compose-'));
    try {
      await writeFile(join(folder, 'compose.yaml'), 'services: { web: { image: "x:$TAG" } }\n');
      await writeFile(join(folder, '.env'), 'TAG=7\n');
      const project = await loadCompose({
        files: [join(folder, 'compose.yaml')],
        projectName: 'app',
        read: nodeFiles(),
      });
      const texts = { 'compose.yaml': 'services: { web: { image: "x:7" } }\n' };
      expect(convertProject(project).objects).toEqual((await convert(texts)).objects);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('that cannot be read is UNAVAILABLE, with the path', async () => {
    const read = nodeFiles();
    await expect(read(tmpdir())).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await read(join(tmpdir(), 'there is no such file'))).toBeUndefined();
  });

  test('gives the same objects each time, which the core accepts as they are', async () => {
    const project = await load({
      'compose.yaml': 'services: { web: { image: x, depends_on: [db] }, db: { image: y } }\n',
    });
    const { objects } = convertProject(project);
    expect(convertProject(project).objects).toEqual(objects);
    expect(objects.map(({ kind }) => kind)).toEqual(['network', 'service', 'service']);
    for (const object of objects) expect(() => validateInput(object)).not.toThrow();
  });

  test('may live in a namespace, which its objects then bear', async () => {
    const project = await load({ 'compose.yaml': COMPOSE });
    const { objects } = convertProject(project, { namespace: 'team-a' });
    expect(objects.map(({ meta }) => meta.namespace)).toEqual(['team-a', 'team-a']);
  });
});

describe('a hostile file', () => {
  test('that asks for a huge tree by aliases is refused', async () => {
    const bomb = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let level = 1; level < 9; level++) {
      const before = Array.from({ length: 10 }, () => `*a${level - 1}`).join(', ');
      bomb.push(`a${level}: &a${level} [${before}]`);
    }
    await expect(load({ 'compose.yaml': bomb.join('\n') })).rejects.toThrow(/too large/);
  });

  test('that contains itself is refused', async () => {
    await expect(load({ 'compose.yaml': 'x-a: &a { b: *a }\n' })).rejects.toThrow(/contains itself/);
  });

  test('cannot reach the prototype of anything', async () => {
    const { objects } = await convert({
      'compose.yaml': 'services: { web: { image: x, environment: { __proto__: "1", constructor: "2" } } }\n',
    });
    const env = (objects[1] as { spec: { template: { env: object } } }).spec.template.env;
    expect(Object.entries(env)).toContainEqual(['constructor', '2']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
