/**
 * Bundles the program of a package, dist/bin.js, into dist/program: one file for what every command needs and one
 * for each part that is loaded on demand, for a program that starts is a program that reads few files. What only a
 * cluster needs stays outside, in the packages it comes from.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/** What runs a cluster, and what loads a file of the user's: it takes its time anyway; and what `ws` can do without. */
const outside = /^(@gantry\/(api|host|presets|bus-.*|store-.*)|jiti|bufferutil|utf-8-validate)(\/|$)/;

/**
 * What the program loads before it knows the command, and what most commands load next. All of it is small and comes in
 * one file, since each file more takes 1 to 2 ms of a start.
 */
const common =
  /node_modules\/(commander|picocolors)\/|cli\/dist\/((main|program|session|io\/[^/]+|context\/[^/]+|commands\/table)|output\/(colors|exit-codes|fields|format|problem|render-problem|suggest|hints))\.js$/;

/**
 * Bundles a program with all of Gantry that it needs, so that it needs none of Gantry's packages beside it.
 *
 * @param {string} folder the package's, which has been built
 * @param {string} target
 */
export async function bundleWhole(folder, target) {
  rmSync(target, { recursive: true, force: true });
  const bundle = await rolldown({
    input: join(folder, 'dist', 'bin.js'),
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    external: (id) => /^[^./]/.test(id) && !id.startsWith('@gantry/'),
  });
  await bundle.write({
    dir: target,
    format: 'esm',
    minify: false,
    codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: 'common', test: common }] },
    chunkFileNames: '[name]-[hash].js',
  });
  await bundle.close();
}

/** @param {string} folder the package's */
export async function bundleProgram(folder) {
  const dist = join(folder, 'dist');
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  rmSync(join(dist, 'program'), { recursive: true, force: true });
  const bundle = await rolldown({
    input: join(dist, 'bin.js'),
    platform: 'node',
    preserveEntrySignatures: 'allow-extension',
    external: (id) => outside.test(id),
    plugins: [
      {
        name: 'whole-packages-stay-outside',
        // A dynamic import hands on a whole package, while the bundle contains only the used exports.
        resolveId: (id, _importer, { kind }) =>
          kind === 'dynamic-import' && /^@gantry\/core(\/|$)/.test(id) ? { id, external: true } : undefined,
      },
    ],
  });
  const { output } = await bundle.write({
    dir: join(dist, 'program'),
    format: 'esm',
    minify: false,
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ name: 'common', test: common }],
    },
    chunkFileNames: '[name]-[hash].js',
  });
  await bundle.close();
  const undeclared = output
    .flatMap((chunk) => (chunk.type === 'chunk' ? [...chunk.imports, ...chunk.dynamicImports] : []))
    .filter(
      (id) =>
        outside.test(id) &&
        !/^(bufferutil|utf-8-validate)$/.test(id) &&
        !Object.keys(dependencies).some((name) => `${id}/`.startsWith(`${name}/`)),
    );
  if (undeclared.length > 0)
    throw new Error(`not among the dependencies: ${[...new Set(undeclared)].join(', ')}`);
  return output.length;
}
