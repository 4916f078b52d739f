#!/bin/sh
':' //; exec node -- "$0" "$@"
// The line above runs this file with Node: `--` keeps Node from reading options that are meant for gantry, such as --env-file.
import { existsSync } from 'node:fs';
import module, { register } from 'node:module';

// From Node 22 on the compiled code is kept between runs.
module.enableCompileCache?.();

const built = new URL('../dist/program/bin.js', import.meta.url);
const fromSource = !existsSync(built) || process.env.GANTRY_FROM_SOURCE === '1';

// Not built yet, as in a fresh checkout: the TypeScript sources as they stand.
if (fromSource) {
  const { register: registerTsx } = await import('tsx/esm/api');
  registerTsx();
  register('../../../scripts/source-condition.mjs', import.meta.url);
}
const { main } = await import(fromSource ? '../src/bin.ts' : built.href);
await main(process.argv.slice(2));
