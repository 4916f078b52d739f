import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { contracts, definePlugin, type Plugin } from '@gantry/core';
import { fakeCluster } from '@gantry/presets/fake';
import { beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../src/config/load-config.ts';
import { composePlugins, resolvePlugins } from '../src/config/resolve-plugins.ts';
import { localSettings } from '../src/local/settings.ts';
import { Terminal } from './support/terminal.ts';

/** Loading a configuration loads these; here each is compiled first. */
beforeAll(async () => {
  await Promise.all([
    import('@gantry/api'),
    import('@gantry/host'),
    import('@gantry/presets/docker'),
    import('@gantry/presets/process'),
    import('jiti'),
  ]);
}, 60_000);

const clock = definePlugin({ name: 'own-clock', provides: contracts.clock, create: () => ({}) as never });
const scheduler = definePlugin({
  name: 'own-scheduler',
  provides: contracts.scheduler,
  create: () => ({}) as never,
});

test("a user's plugins come first, and take the place of those that provide the same contract", () => {
  const composed = composePlugins(fakeCluster(), [clock(), scheduler()]);
  const named = (token: Plugin['provides']): string[] =>
    composed.filter(({ provides }) => provides.id === token.id).map(({ name }) => name);
  expect(named(contracts.clock)).toEqual(['own-clock']);
  expect(named(contracts.scheduler)[0]).toBe('own-scheduler');
  expect(named(contracts.scheduler)).toHaveLength(2);
});

test('plugins are values, lists of them, and names of packages with options', async () => {
  const seen: unknown[] = [];
  const modules: Record<string, object> = {
    one: {
      makeIt: (options: unknown) => {
        seen.push(options);
        return clock();
      },
    },
    two: { helper: () => undefined, plugin: () => [clock(), scheduler()] },
  };
  const load = async (name: string): Promise<unknown> => modules[name];
  const plugins = await resolvePlugins(
    [clock(), [scheduler(), clock()], 'two', ['one', { zone: 'a' }]],
    load,
  );
  expect(plugins.map(({ name }) => name)).toEqual([
    'own-clock',
    'own-scheduler',
    'own-clock',
    'own-clock',
    'own-scheduler',
    'own-clock',
  ]);
  expect(seen).toEqual([{ zone: 'a' }]);
});

test.each([
  [{}, 'exports: none'],
  [{ a: (): number => 1, b: (): number => 2 }, 'exports: a, b'],
  [{ a: (): object => ({}) }, 'makes no plugin'],
  [undefined, 'cannot be imported: no such package'],
])('a package that exports %j is rejected', async (module, reason) => {
  const load = async (): Promise<unknown> => {
    if (module === undefined) throw new Error('no such package');
    return module;
  };
  await expect(resolvePlugins(['acme'], load)).rejects.toThrow(reason);
  await expect(resolvePlugins(['acme'], load)).rejects.toThrow('plugins[0]: package "acme"');
});

test('gantry.config.ts of the folder is loaded, with plugins by name from where it lies', async () => {
  await using terminal = await Terminal.open();
  const folder = join(terminal.home, 'node_modules/acme-clock');
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'package.json'),
    '{"name":"acme-clock","type":"module","exports":"./index.js"}',
  );
  await writeFile(
    join(folder, 'index.js'),
    `import { contracts, definePlugin } from '@gantry/core';
export const plugin = definePlugin({ name: 'acme-clock', provides: contracts.clock, create: () => ({}) });`,
  );
  await writeFile(
    join(terminal.home, 'gantry.config.ts'),
    `import { defineConfig } from '@gantry/cli';
const nodes: number = 3;
export default defineConfig({ name: 'shop', nodes, runtime: 'fake', plugins: ['acme-clock'] });`,
  );
  const settings = await localSettings({ HOME: terminal.home }, terminal.home, {});
  expect(settings).toMatchObject({ name: 'shop', nodes: 3, runtime: 'fake' });
  expect((await settings.plugins())[0]?.name).toBe('acme-clock');
  const told = await localSettings({ HOME: terminal.home }, terminal.home, { name: 'other', nodes: 1 });
  expect(told).toMatchObject({ name: 'other', nodes: 1 });
});

test.each([
  ['export default { nodez: 1 }', 'nodez'],
  ["export default { runtime: 'podman' }", 'runtime'],
  ['export const x = 1', 'configuration'],
  ['export default {', 'Unexpected token'],
])('a configuration that is wrong is rejected with the name of its file: %s', async (text, reason) => {
  await using terminal = await Terminal.open();
  await writeFile(join(terminal.home, 'gantry.config.ts'), text);
  const failed = loadConfig(terminal.home, undefined);
  await expect(failed).rejects.toThrow('gantry.config.ts: ');
  await expect(failed).rejects.toThrow(reason);
});

test('a missing named configuration is an error; without a configuration there are defaults', async () => {
  await using terminal = await Terminal.open();
  await expect(loadConfig(terminal.home, 'mine.ts')).rejects.toThrow('file mine.ts not found');
  expect((await loadConfig(terminal.home, undefined)).config).toEqual({});
});
