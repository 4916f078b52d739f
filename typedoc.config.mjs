/** API documentation: `npm run docs`. A warning fails it, and so does a name or member without a comment. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Packages that still export something without a comment. This list may only shrink. */
const UNDOCUMENTED = [
  '@gantry/api',
  '@gantry/cli',
  '@gantry/client',
  '@gantry/control',
  '@gantry/nats',
  '@gantry/scheduling',
  '@gantry/simulation',
  '@gantry/storing',
  '@gantry/testing',
];

const packages = ['packages', 'plugins'].flatMap((kind) =>
  readdirSync(join(import.meta.dirname, kind)).map(
    (name) => JSON.parse(readFileSync(join(import.meta.dirname, kind, name, 'package.json'), 'utf8')).name,
  ),
);

/** @type {Partial<import('typedoc').TypeDocOptions>} */
export default {
  name: 'Gantry',
  entryPointStrategy: 'resolve',
  entryPoints: [
    'packages/*/src/index.ts',
    'packages/core/src/*/index.ts',
    'packages/testing/src/vitest.ts',
    'plugins/*/src/index.ts',
  ],
  tsconfig: 'tsconfig.json',
  plugin: ['./scripts/typedoc-names.mjs'],
  out: 'docs/api',
  readme: 'none',
  cleanOutputDir: true,
  excludeInternal: true,
  excludePrivate: true,
  disableGit: true,
  disableSources: true,
  hideGenerator: true,
  githubPages: false,
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, rewrittenLink: true, notDocumented: true },
  packagesRequiringDocumentation: packages.filter((name) => !UNDOCUMENTED.includes(name)),
  requiredToBeDocumented: [
    'Enum',
    'EnumMember',
    'Variable',
    'Function',
    'Class',
    'Interface',
    'Constructor',
    'Property',
    'Method',
    'Accessor',
    'TypeAlias',
  ],
  logLevel: 'Warn',
};
