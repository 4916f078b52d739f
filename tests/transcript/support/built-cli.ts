import { chmod, copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build, defaultServerConditions } from 'vite';
import { root } from '../../docs/support/documents.ts';

/** The program as it is installed, made of the sources as they stand. */
export interface BuiltCli extends AsyncDisposable {
  /** A folder for PATH with `gantry` in it. */
  readonly bin: string;
}

/** Bundles the command line: from its sources each command would take seconds to load. */
export async function buildCli(): Promise<BuiltCli> {
  const cache = join(root, 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  // Within the repository, where its dependencies are found.
  const folder = await mkdtemp(join(cache, 'gantry-cli-'));
  await build({
    root,
    configFile: false,
    publicDir: false,
    logLevel: 'error',
    ssr: {
      noExternal: [/^@gantry\//],
      resolve: { conditions: ['@gantry/source', ...defaultServerConditions] },
    },
    build: {
      ssr: 'packages/cli/src/bin.ts',
      outDir: join(folder, 'dist/program'),
      assetsDir: '',
      target: 'node20',
      rolldownOptions: { output: { entryFileNames: 'bin.js' } },
    },
  });
  const bin = join(folder, 'bin');
  await mkdir(bin);
  await copyFile(join(root, 'packages/cli/package.json'), join(folder, 'package.json'));
  await copyFile(join(root, 'packages/cli/bin/gantry.js'), join(bin, 'gantry'));
  await chmod(join(bin, 'gantry'), 0o755);
  return { bin, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}
